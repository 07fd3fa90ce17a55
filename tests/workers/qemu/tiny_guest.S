# SPDX-License-Identifier: Apache-2.0
# A guest in one boot sector, for tests of the machine: boots in 0.1 s and needs nothing but QEMU (q35).
# Prints "R" and a newline, then obeys one letter at a time from the serial port:
#   i  counts up in RAM and prints the digit (a snapshot takes it back)
#   w  writes the next 64 KiB to the disk; prints w, or e on an error
#   r  resets the machine (0xcf9)      o  powers it off (ACPI)      h  halts for ever
# The ACPI power button powers it off too, until "b" was said. It sleeps between timer ticks.
#   as --64 -o t.o tiny_guest.S && ld -m elf_x86_64 -Ttext 0x7c00 --oformat binary -o t.bin t.o
.code16
.globl _start
_start:
  xor %ax, %ax
  mov %ax, %ds
  mov %ax, %es
  mov %ax, %ss
  mov $0x7c00, %sp
  mov %dl, drive
  mov $'R', %al
  call put
  mov $'\n', %al
  call put
  mov $0x602, %dx           # PM1 enable: without it QEMU does not report the button
  mov $0x100, %ax
  out %ax, %dx
  sti
again:
  hlt
  cmpb $0, busy
  jne letters
  mov $0x600, %dx           # PM1 status of q35: bit 8, the power button
  in %dx, %ax
  test $0x100, %ax
  jnz power_off
letters:
  mov $0x3fd, %dx
  in %dx, %al
  test $1, %al
  jz again
  mov $0x3f8, %dx
  in %dx, %al
  cmp $'i', %al
  je count
  cmp $'w', %al
  je write
  cmp $'r', %al
  je reset
  cmp $'o', %al
  je power_off
  cmp $'b', %al
  je deaf
  cmp $'h', %al
  jne letters
  cli
  hlt
count:
  incb counter
  mov counter, %al
  add $'0', %al
  call put
  jmp letters
deaf:
  incb busy
  mov $'b', %al
  call put
  jmp letters
write:
  mov $0x43, %ah            # extended write; the data is whatever lies at 0x10000
  xor %al, %al
  mov drive, %dl
  mov $packet, %si
  int $0x13
  mov $'e', %al
  jc wrote
  addl $128, lba
  mov $'w', %al
wrote:
  call put
  jmp letters
reset:
  mov $0xcf9, %dx
  mov $6, %al
  out %al, %dx
  jmp reset
power_off:
  mov $0x604, %dx           # PM1 control: SLP_EN, S5
  mov $0x2000, %ax
  out %ax, %dx
  jmp power_off
put:
  push %ax
1:
  mov $0x3fd, %dx
  in %dx, %al
  test $0x20, %al
  jz 1b
  pop %ax
  mov $0x3f8, %dx
  out %al, %dx
  ret
packet:
  .byte 16, 0
  .word 127                 # sectors; SeaBIOS takes at most 127
  .word 0, 0x1000           # 0x10000
lba:
  .long 1, 0
counter: .byte 0
busy: .byte 0
drive: .byte 0
.org 510
  .word 0xaa55
