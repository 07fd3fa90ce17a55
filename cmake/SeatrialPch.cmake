# SPDX-License-Identifier: Apache-2.0
# One precompiled header for the product and one for its tests: the libraries that nearly every unit
# includes anyway. It never stands in for an #include: the preset `headers` builds without it.
option(SEATRIAL_PCH "Precompile the headers of libraries" ON)

function(seatrial_make_pch name)
  cmake_parse_arguments(A "" "" "HEADERS;LIBS" ${ARGN})
  set(source ${CMAKE_BINARY_DIR}/pch/${name}.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "// nothing: its precompiled header is what it is for\n")
  add_library(${name} OBJECT ${source})
  target_link_libraries(${name} PRIVATE seatrial_asio fmt::fmt nlohmann_json::nlohmann_json ${A_LIBS})
  target_precompile_headers(${name} PRIVATE ${A_HEADERS})
endfunction()

set(SEATRIAL_PCH_HEADERS
  <algorithm> <array> <chrono> <cstdint> <filesystem> <functional> <map> <memory> <optional> <string>
  <string_view> <utility> <variant> <vector>
  <boost/asio/awaitable.hpp> <boost/asio/any_io_executor.hpp> <boost/asio/this_coro.hpp>
  <boost/asio/steady_timer.hpp> <boost/asio/use_awaitable.hpp>
  <fmt/format.h> <nlohmann/json.hpp> <tl/expected.hpp>)

if(SEATRIAL_PCH)
  seatrial_make_pch(seatrial_pch HEADERS ${SEATRIAL_PCH_HEADERS})
  if(SEATRIAL_TESTS)
    find_package(GTest REQUIRED)
    seatrial_make_pch(seatrial_test_pch LIBS GTest::gmock
                      HEADERS ${SEATRIAL_PCH_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)
  endif()
endif()

# seatrial_use_pch(TARGET PCH): no-op where precompiled headers are off. A precompiled header only fits
# units with the same definitions, so that those of its libraries come along.
function(seatrial_use_pch name pch)
  if(SEATRIAL_PCH)
    target_compile_definitions(${name} PRIVATE
      $<TARGET_PROPERTY:seatrial_asio,INTERFACE_COMPILE_DEFINITIONS>
      $<TARGET_PROPERTY:fmt::fmt,INTERFACE_COMPILE_DEFINITIONS>)
    target_precompile_headers(${name} REUSE_FROM ${pch})
  endif()
endfunction()
