# SPDX-License-Identifier: Apache-2.0
# The probe guest of workers/qemu/accelerator: one boot sector that does what a kernel does in its first
# second, then says OK. A test assembles it and compares it with the bytes in probe_guest.inc:
#   as --64 -o p.o probe_guest.S && ld -m elf_x86_64 -Ttext 0x7c00 --oformat binary -o p.bin p.o
.code16
.globl _start
_start:
  cli
  xor %ax, %ax
  mov %ax, %ds
  mov %ax, %es
  mov %ax, %ss
  mov $0x7c00, %sp
  cld
  # Two ticks of the PIT in HLT: a vCPU that sleeps must be woken by its timer.
  sti
  hlt
  hlt
  cli
  lgdt gdt_pointer
  mov %cr0, %eax
  or $1, %eax
  mov %eax, %cr0
  ljmp $8, $protected
.code32
protected:
  mov $16, %ax
  mov %ax, %ds
  mov %ax, %es
  mov %ax, %ss
  # Page tables at 64 KiB: PML4, PDPT, one PD with a 2 MiB page for the first 2 MiB.
  mov $0x10000, %edi
  xor %eax, %eax
  mov $(3 * 1024), %ecx
  rep stosl
  movl $0x11003, 0x10000
  movl $0x12003, 0x11000
  movl $0x00083, 0x12000
  mov $0x10000, %eax
  mov %eax, %cr3
  mov %cr4, %eax
  or $0x20, %eax            # PAE
  mov %eax, %cr4
  mov $0xc0000080, %ecx     # EFER.LME
  rdmsr
  or $0x100, %eax
  wrmsr
  mov %cr0, %eax
  or $0x80000000, %eax      # paging: long mode is on
  mov %eax, %cr0
  ljmp $24, $long_mode
.code64
long_mode:
  # 40 million rounds with a memory access each 2^16: natively 0.03 s, TCG 0.3 s. A KVM that interprets
  # its guest takes half a minute: the reason why kernels "hang" under it while they unpack themselves.
  mov $40000000, %ecx
1:
  test $0xffff, %cx
  jnz 2f
  incl 0x20000
2:
  dec %ecx
  jnz 1b
  xor %eax, %eax
  cpuid
  mov $0x3f8, %dx
  mov $'O', %al
  outb %al, %dx
  mov $'K', %al
  outb %al, %dx
  mov $0x31, %al            # isa-debug-exit: QEMU ends with (0x31 << 1) | 1 = 99
  mov $0xf4, %dx
  outb %al, %dx
3:
  hlt
  jmp 3b
.align 8
gdt:
  .quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff, 0x00af9a000000ffff
gdt_pointer:
  .word 31
  .long gdt
.org 510
  .word 0xaa55
