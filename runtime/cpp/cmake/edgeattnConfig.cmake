include(CMakeFindDependencyMacro)
list(PREPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")
find_dependency(Onnxruntime)
find_package(OpenSSL QUIET COMPONENTS Crypto)  # where the library was built with it
find_dependency(Threads)
include("${CMAKE_CURRENT_LIST_DIR}/edgeattnTargets.cmake")
