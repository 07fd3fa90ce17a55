# SPDX-License-Identifier: Apache-2.0
# Language, warnings, sanitizers, compiler cache and linker: everything that holds for every target.
option(SEATRIAL_TESTS "Build the tests of Seatrial itself" ON)
option(SEATRIAL_FUZZ "Build the libFuzzer programs of tests/fuzz (clang only)" OFF)
set(SEATRIAL_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, e.g. address,undefined or thread")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

# Debug builds carry line tables only: full debug information doubles compile time for templates of Asio.
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
# docs/decisions/010: a quarter less to compile, and fast enough where bytes are read in bulk.
set(CMAKE_CXX_FLAGS_RELEASE "-O1")

add_compile_options(
  -pthread               # some libraries ask for it: one precompiled header fits all only if all have it
  -Wall -Wextra          # the usual suspects
  -Wconversion           # byte counts and offsets are where a flasher goes wrong silently
  -Wno-sign-conversion   # size_t against off_t is everywhere; -Wconversion keeps the narrowing ones
  -Wsuggest-override     # a driver that forgot to override a verb must not compile quietly
  -Werror=unused-result  # a dropped Result is a lost verdict
  -Werror=return-type
  -Wno-mismatched-new-delete       # g++ 12 at -O1 mistakes the frames of Asio's coroutines
  -Winvalid-pch          # a precompiled header that does not fit costs what it should save
  -Wno-missing-field-initializers  # designated initialisers with defaults are our style
)

if(SEATRIAL_SANITIZE)
  add_compile_options(-fsanitize=${SEATRIAL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    add_compile_options(-fno-sanitize=function)  # clang 14 cannot write it for a coroutine
  endif()
  add_link_options(-fsanitize=${SEATRIAL_SANITIZE})
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # The sloppiness is what ccache's manual asks for with precompiled headers.
  # base_dir and no hash_dir: two checkouts of one commit share their objects.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
      CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${CCACHE_PROGRAM})
endif()

find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM AND NOT SEATRIAL_SANITIZE)
  add_link_options(-fuse-ld=mold)
endif()

include_directories(${CMAKE_SOURCE_DIR})
