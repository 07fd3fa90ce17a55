# SPDX-License-Identifier: Apache-2.0
# Every library the project builds on, as Debian 12 ships it. Reasons: docs/decisions/001-dependencies.md
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(Boost 1.81 REQUIRED)
if(NOT Boost_VERSION_STRING VERSION_GREATER_EQUAL 1.81)
  message(FATAL_ERROR "Boost 1.81 is needed (Process v2, parallel groups): apt install libboost1.81-dev")
endif()
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)

# Compiled once; every other unit sees declarations, which saves each of them seconds.
add_library(seatrial_asio STATIC ${CMAKE_SOURCE_DIR}/core/base/asio.cpp)
target_compile_definitions(seatrial_asio PUBLIC BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)
target_link_libraries(seatrial_asio PUBLIC Boost::headers Threads::Threads PRIVATE OpenSSL::SSL)
