# SPDX-License-Identifier: Apache-2.0
# The shapes of our targets. A library lists what it may link; anything else is a layering error at configure.
#
# Collections, for people and for ./sea: `programs` (what a run needs), `fast_tests` (every test labelled
# fast), `slow_tests` (the others), `benchmarks`; plain `all` is everything.
add_custom_target(programs)
add_custom_target(fast_tests)
add_custom_target(slow_tests)
add_custom_target(benchmarks)

# seatrial_library(NAME SOURCES a.cpp ... HEADERS a.hpp ... [DEPS seatrial_x ...] [LIBS third_party ...])
# DEPS are targets of ours (public), LIBS third-party ones (private).
function(seatrial_library name)
  cmake_parse_arguments(A "" "" "SOURCES;HEADERS;DEPS;LIBS" ${ARGN})
  if(A_SOURCES)
    add_library(${name} STATIC ${A_SOURCES})
    target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${A_HEADERS})
    target_link_libraries(${name} PUBLIC ${A_DEPS} PRIVATE ${A_LIBS})
    seatrial_use_pch(${name} seatrial_pch)
  else()
    add_library(${name} INTERFACE)
    target_sources(${name} INTERFACE FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${A_HEADERS})
    target_link_libraries(${name} INTERFACE ${A_DEPS} ${A_LIBS})
  endif()
  set_target_properties(${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
endfunction()

# seatrial_program(NAME SOURCES ... [DEPS ...] [LIBS ...]) : an executable in build/bin
function(seatrial_program name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS;LIBS" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_link_libraries(${name} PRIVATE ${A_DEPS} ${A_LIBS})
  add_dependencies(programs ${name})
  if(A_DEPS)  # a program without libraries of ours is one that must start at once
    seatrial_use_pch(${name} seatrial_pch)
  endif()
endfunction()

# seatrial_benchmark(NAME SOURCES ... [DEPS ...] [LIBS ...]) : figures, run by ./sea bench, never a verdict
function(seatrial_benchmark name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS;LIBS" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_link_libraries(${name} PRIVATE ${A_DEPS} ${A_LIBS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/benchmarks)
  add_dependencies(benchmarks ${name})
endfunction()

# seatrial_test(NAME SOURCES ... [LIBS ...] [LABELS fast|kernel|qemu|root|browser ...] [TIMEOUT s])
# One GoogleTest binary, registered with ctest once (the closing line counts its cases through gtest).
function(seatrial_test name)
  cmake_parse_arguments(A "" "TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  if(NOT A_LABELS)
    set(A_LABELS fast)
  endif()
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 60)
  endif()
  if(SEATRIAL_SANITIZE)
    math(EXPR A_TIMEOUT "${A_TIMEOUT} * 5")  # unoptimised, and every access is checked
  endif()
  add_executable(${name} ${A_SOURCES})
  target_link_libraries(${name} PRIVATE ${A_LIBS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE
    SEATRIAL_SOURCE_DIR="${CMAKE_SOURCE_DIR}" SEATRIAL_BINARY_DIR="${CMAKE_BINARY_DIR}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  seatrial_use_pch(${name} seatrial_test_pch)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${A_LABELS}" TIMEOUT ${A_TIMEOUT})
  if("fast" IN_LIST A_LABELS)
    add_dependencies(fast_tests ${name})
  else()
    add_dependencies(slow_tests ${name})
  endif()
  if("qemu" IN_LIST A_LABELS)
    # One guest at a time: two on two cores starve each other out of their budgets.
    set_tests_properties(${name} PROPERTIES RESOURCE_LOCK guest)
  endif()
endfunction()

# seatrial_suite(AREA SOURCES ...) : a suite binary in build/bin/suites; cases compile straight into it.
function(seatrial_suite area)
  cmake_parse_arguments(A "" "" "SOURCES" ${ARGN})
  add_executable(suite_${area} ${A_SOURCES} ${CMAKE_SOURCE_DIR}/suites/kit/main.cpp)
  target_link_libraries(suite_${area} PRIVATE seatrial_kit)
  seatrial_use_pch(suite_${area} seatrial_pch)
  set_target_properties(suite_${area} PROPERTIES
    OUTPUT_NAME ${area} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin/suites)
  add_dependencies(programs suite_${area})
  set_property(GLOBAL APPEND PROPERTY SEATRIAL_SUITES ${area})
endfunction()

# Whoever asks build/bin/suites what suites there are must not be told of one that was removed.
function(seatrial_forget_removed_suites)
  get_property(known GLOBAL PROPERTY SEATRIAL_SUITES)
  file(GLOB built RELATIVE ${CMAKE_BINARY_DIR}/bin/suites ${CMAKE_BINARY_DIR}/bin/suites/*)
  foreach(area IN LISTS built)
    if(NOT area IN_LIST known)
      file(REMOVE ${CMAKE_BINARY_DIR}/bin/suites/${area})
    endif()
  endforeach()
endfunction()
