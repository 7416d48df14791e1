use std::collections::BTreeMap;
use std::mem::{size_of, size_of_val};
use std::ops::Deref;
use std::slice;
use std::sync::Arc;

use crate::error::{call, Error, Result};
use crate::memory::{listed, string, text, Handle};
use crate::sys;

/// An element type, by numpy's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    Bool,
    Int8,
    UInt8,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Float16,
    Float32,
    Float64,
}

/// Each type with its name and the bytes of an element.
const NAMES: [(DType, &str, usize); 12] = [
    (DType::Bool, "bool", 1),
    (DType::Int8, "int8", 1),
    (DType::UInt8, "uint8", 1),
    (DType::Int16, "int16", 2),
    (DType::UInt16, "uint16", 2),
    (DType::Int32, "int32", 4),
    (DType::UInt32, "uint32", 4),
    (DType::Int64, "int64", 8),
    (DType::UInt64, "uint64", 8),
    (DType::Float16, "float16", 2),
    (DType::Float32, "float32", 4),
    (DType::Float64, "float64", 8),
];

impl DType {
    pub fn name(self) -> &'static str {
        NAMES[self as usize].1
    }

    /// Returns the bytes of an element.
    pub fn size(self) -> usize {
        NAMES[self as usize].2
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        NAMES.iter().find(|known| known.1 == name).map(|known| known.0)
    }
}

/// A float16 by its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Half(pub u16);

/// A type of Rust that a tensor holds.
///
/// # Safety
/// It is as large as an element of its dtype, and any bytes are one of its values; but for `bool`, which is checked.
pub unsafe trait Element: Copy + 'static {
    const DTYPE: DType;
}

macro_rules! elements {
    ($($element:ty: $dtype:ident),*) => {
        $(unsafe impl Element for $element { const DTYPE: DType = DType::$dtype; })*
    };
}
elements! { bool: Bool, i8: Int8, u8: UInt8, i16: Int16, u16: UInt16, i32: Int32, u32: UInt32, i64: Int64, u64: UInt64,
Half: Float16, f32: Float32, f64: Float64 }

/// An array of numbers in C order. Its copies share its memory.
#[derive(Clone, Debug)]
pub struct Tensor {
    dtype: DType,
    dims: Vec<usize>,
    memory: Memory,
}

/// Tensors by the names of the contract.
pub type Tensors = BTreeMap<String, Tensor>;

#[derive(Clone, Debug)]
enum Memory {
    Own(Arc<[u64]>, usize), // words, which are aligned for all elements, and bytes
    Core { _owner: Arc<Handle<sys::edgeattn_tensors>>, bytes: CoreBytes },
}

#[derive(Clone, Copy, Debug)]
struct CoreBytes(*const u8, usize);

// They are read, and live as long as the tensors that they are of.
unsafe impl Send for CoreBytes {}
unsafe impl Sync for CoreBytes {}

impl Deref for Memory {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Memory::Own(words, bytes) => unsafe { slice::from_raw_parts(words.as_ptr().cast(), *bytes) },
            Memory::Core { bytes: CoreBytes(first, bytes), .. } => unsafe { listed(*first, *bytes) },
        }
    }
}

impl Tensor {
    /// Copies values in C order; `Error::Input` where they are not as many as the dims say.
    pub fn new<Value: Element>(dims: &[usize], values: &[Value]) -> Result<Self> {
        let count = dims.iter().try_fold(1usize, |count, dim| count.checked_mul(*dim));
        if count != Some(values.len()) {
            return Err(Error::Input(format!("{} values found, those of {dims:?} expected", values.len())));
        }
        let bytes = size_of_val(values);
        let mut words = vec![0u64; bytes.div_ceil(size_of::<u64>())];
        unsafe { words.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(values.as_ptr().cast(), bytes) };
        Ok(Tensor { dtype: Value::DTYPE, dims: dims.to_vec(), memory: Memory::Own(words.into(), bytes) })
    }

    pub fn dtype(&self) -> DType {
        self.dtype
    }

    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// Returns the bytes as they lie in memory.
    pub fn bytes(&self) -> &[u8] {
        &self.memory
    }

    /// Returns the values in C order; `Error::Input` where the dtype is another.
    pub fn values<Value: Element>(&self) -> Result<&[Value]> {
        if Value::DTYPE != self.dtype {
            let (asked, held) = (Value::DTYPE.name(), self.dtype.name());
            return Err(Error::Input(format!("{asked} values asked for, the tensor holds {held}")));
        }
        let bytes = self.bytes();
        if self.dtype == DType::Bool && bytes.iter().any(|byte| *byte > 1) {
            return Err(Error::Input("bytes above 1 found, those of bool expected".into()));
        }
        // The core aligns memory for any number; that of no bytes may be anywhere.
        Ok(if bytes.is_empty() {
            &[]
        } else {
            unsafe { slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len() / size_of::<Value>()) }
        })
    }

    /// Calls `body` with what the core is told of a tensor.
    pub(crate) fn with_view<Answer>(
        &self,
        name: &str,
        body: impl FnOnce(*const sys::edgeattn_tensor) -> Result<Answer>,
    ) -> Result<Answer> {
        let (name, dtype) = (text(name)?, text(self.dtype.name())?);
        let dims: Vec<i64> = self.dims.iter().map(|dim| *dim as i64).collect();
        let bytes = self.bytes();
        body(&sys::edgeattn_tensor {
            name: name.as_ptr(),
            dtype: dtype.as_ptr(),
            dims: dims.as_ptr(),
            rank: dims.len(),
            data: bytes.as_ptr().cast(),
            bytes: bytes.len(),
        })
    }
}

/// Copies tensors into the core.
pub(crate) fn given(tensors: &Tensors) -> Result<Handle<sys::edgeattn_tensors>> {
    let handle = Handle::new(unsafe { sys::edgeattn_tensors_new() }, sys::edgeattn_tensors_free)?;
    for (name, tensor) in tensors {
        tensor.with_view(name, |view| call(|error| unsafe { sys::edgeattn_tensors_put(handle.get(), view, error) }))?;
    }
    Ok(handle)
}

/// Takes tensors that the core handed out, and lie in its memory.
pub(crate) fn answered(tensors: *mut sys::edgeattn_tensors) -> Result<Tensors> {
    let handle = Arc::new(Handle::new(tensors, sys::edgeattn_tensors_free)?);
    let count = unsafe { sys::edgeattn_tensors_count(handle.get()) };
    (0..count).map(|index| one(&handle, index)).collect()
}

fn one(handle: &Arc<Handle<sys::edgeattn_tensors>>, index: usize) -> Result<(String, Tensor)> {
    let mut view = std::mem::MaybeUninit::<sys::edgeattn_tensor>::uninit();
    call(|error| unsafe { sys::edgeattn_tensors_get(handle.get(), index, view.as_mut_ptr(), error) })?;
    unsafe {
        let view = view.assume_init();
        let dtype = string(view.dtype);
        let dtype = DType::of(&dtype)
            .ok_or_else(|| Error::Runtime(format!("{dtype}: a dtype that this crate does not know")))?;
        let dims = listed(view.dims, view.rank).iter().map(|dim| *dim as usize).collect();
        let memory = Memory::Core { _owner: handle.clone(), bytes: CoreBytes(view.data.cast(), view.bytes) };
        Ok((string(view.name), Tensor { dtype, dims, memory }))
    }
}
