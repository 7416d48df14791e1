# Finds onnxruntime's headers and library: in ONNXRUNTIME_ROOT (include/ and lib/), or where the system has them.
# Defines the target Onnxruntime::Onnxruntime. The headers may be older than the library, and never newer.
# As a PATH it may be relative: CMake then takes it from the folder in which it is called.
set(ONNXRUNTIME_ROOT "" CACHE PATH "A folder with include and lib of onnxruntime; empty: the system's")
find_path(Onnxruntime_INCLUDE_DIR onnxruntime_cxx_api.h HINTS "${ONNXRUNTIME_ROOT}/include" PATH_SUFFIXES onnxruntime)
find_library(Onnxruntime_LIBRARY onnxruntime HINTS "${ONNXRUNTIME_ROOT}/lib" NO_CMAKE_FIND_ROOT_PATH)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Onnxruntime REQUIRED_VARS Onnxruntime_LIBRARY Onnxruntime_INCLUDE_DIR)

if(Onnxruntime_FOUND AND NOT TARGET Onnxruntime::Onnxruntime)
  add_library(Onnxruntime::Onnxruntime UNKNOWN IMPORTED)
  set_target_properties(
    Onnxruntime::Onnxruntime PROPERTIES IMPORTED_LOCATION "${Onnxruntime_LIBRARY}"
                                        INTERFACE_INCLUDE_DIRECTORIES "${Onnxruntime_INCLUDE_DIR}")
endif()
if(MINGW)  # the headers are written for MSVC
  set(words_of_msvc -U_stdcall -D_stdcall=__stdcall "-D_Return_type_success_(x)=")
  set_target_properties(Onnxruntime::Onnxruntime PROPERTIES INTERFACE_COMPILE_OPTIONS "${words_of_msvc}")
endif()
