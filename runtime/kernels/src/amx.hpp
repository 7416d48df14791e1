// AMX: products of 8 bits by tiles of 16 rows of 64 bytes, which no target of Highway has.
#pragma once

namespace edgeattn::kernels {

/// Whether this CPU multiplies tiles of int8, and the system lets this process.
///
/// Linux keeps their registers, 8 kB a thread, for a process that asks; it is asked once, and refuses where a
/// thread's stack for signals is too small. EDGEATTN_KERNELS_AMX=0 in the environment leaves AMX alone.
bool has_amx();

}  // namespace edgeattn::kernels
