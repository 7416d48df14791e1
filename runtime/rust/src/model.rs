use std::collections::BTreeMap;
use std::path::Path;
use std::ptr;
use std::sync::Arc;

use crate::call::Limits;
use crate::error::{call, handed, Error, Result};
use crate::load::{BundleFile, LoadOptions};
use crate::memory::{listed, string, taken, text, Handle};
use crate::sys;
use crate::tensor::{answered, given, DType, Tensors};

/// A size of at least 1, or a symbol such as "batch".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dim {
    Size(usize),
    Symbol(String),
}

/// An input or output of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorSpec {
    pub name: String,
    pub dtype: DType,
    pub dims: Vec<Dim>,
}

/// What a graph takes and gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    pub name: String,
    pub inputs: Vec<TensorSpec>,
    pub outputs: Vec<TensorSpec>,
}

/// A bundle that was opened and checked. Its copies are one.
#[derive(Clone, Debug)]
pub struct Model(Arc<Opened>);

#[derive(Debug)]
struct Opened {
    handle: Handle<sys::edgeattn_model>,
    _files: Vec<BundleFile>, // dropped after the model
}

impl Model {
    /// Opens the folder of a bundle and checks it whole.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self> {
        Model::load_with(folder, LoadOptions::default())
    }

    pub fn load_with(folder: impl AsRef<Path>, options: LoadOptions) -> Result<Self> {
        let folder = path(folder.as_ref())?;
        options.with(|options| {
            Model::new(
                handed(|model, error| unsafe { sys::edgeattn_load(folder.as_ptr(), options, model, error) })?,
                vec![],
            )
        })
    }

    /// Opens a bundle by its files. Bytes are not copied, but graphs' weights by the engine; parts of files take their size until
    /// the engine has opened them.
    pub fn load_files(files: BTreeMap<String, BundleFile>, options: LoadOptions) -> Result<Self> {
        let names = files.keys().map(|name| text(name)).collect::<Result<Vec<_>>>()?;
        let files: Vec<BundleFile> = files.into_values().collect();
        let views: Vec<_> = files.iter().zip(&names).map(|(file, name)| file.view(name)).collect();
        options.with(|options| {
            Model::new(
                handed(|model, error| unsafe {
                    sys::edgeattn_load_files(views.as_ptr(), views.len(), options, model, error)
                })?,
                files,
            )
        })
    }

    fn new(model: *mut sys::edgeattn_model, files: Vec<BundleFile>) -> Result<Self> {
        Ok(Model(Arc::new(Opened { handle: Handle::new(model, sys::edgeattn_model_free)?, _files: files })))
    }

    pub(crate) fn get(&self) -> *mut sys::edgeattn_model {
        self.0.handle.get()
    }

    /// Opens a graph now rather than at its first call.
    pub fn open(&self, graph: &str) -> Result<()> {
        let graph = text(graph)?;
        call(|error| unsafe { sys::edgeattn_open(self.get(), graph.as_ptr(), error) })
    }

    /// Answers the golden inputs once, so that the first call of an app takes no longer than later ones.
    pub fn warm_up(&self) -> Result<()> {
        call(|error| unsafe { sys::edgeattn_warm_up(self.get(), error) })
    }

    /// Lets go of the graphs' memory, once calls that run have ended. Every later call is `Error::Input`.
    pub fn close(&self) -> Result<()> {
        call(|error| unsafe { sys::edgeattn_close(self.get(), error) })
    }

    /// Returns what it is, what it takes and gives, and how it runs here: a fact a line.
    pub fn describe(&self) -> Result<String> {
        taken(handed(|text, error| unsafe { sys::edgeattn_describe(self.get(), text, error) })?)
    }

    /// Returns manifest.json as it stands in the bundle.
    pub fn manifest(&self) -> Result<String> {
        taken(handed(|json, error| unsafe { sys::edgeattn_manifest(self.get(), json, error) })?)
    }

    /// Returns what the graphs take and give, the main one first.
    pub fn graphs(&self) -> Result<Vec<Graph>> {
        let (mut graphs, mut count) = (ptr::null(), 0);
        call(|error| unsafe { sys::edgeattn_contract(self.get(), &mut graphs, &mut count, error) })?;
        unsafe { listed(graphs, count).iter().map(|graph| graph_of(&**graph)).collect() }
    }

    /// Answers inputs that keep the contract of the main graph. A decoder without any of its cache begins with an empty one.
    pub fn run(&self, inputs: &Tensors) -> Result<Tensors> {
        self.run_with(inputs, None, &Limits::default())
    }

    /// Likewise those of another graph, or within limits.
    pub fn run_with(&self, inputs: &Tensors, graph: Option<&str>, limits: &Limits) -> Result<Tensors> {
        let (inputs, graph, options) = (given(inputs)?, graph.map(text).transpose()?, limits.options());
        let graph = graph.as_ref().map_or(ptr::null(), |graph| graph.as_ptr());
        answered(handed(|outputs, error| unsafe {
            sys::edgeattn_run(self.get(), graph, inputs.get(), &options, outputs, error)
        })?)
    }

    /// Answers samples, each as a call of its own would, but faster where the bundle's rows allow it.
    pub fn run_many(&self, samples: &[Tensors], limits: &Limits) -> Result<Vec<Tensors>> {
        let inputs = samples.iter().map(given).collect::<Result<Vec<_>>>()?;
        let pointers: Vec<_> = inputs.iter().map(|each| each.get().cast_const()).collect();
        let (mut answers, options) = (vec![ptr::null_mut(); samples.len()], limits.options());
        call(|error| unsafe {
            sys::edgeattn_run_many(
                self.get(),
                ptr::null(),
                pointers.as_ptr(),
                pointers.len(),
                &options,
                answers.as_mut_ptr(),
                error,
            )
        })?;
        let answers: Vec<_> = answers.into_iter().map(answered).collect();
        answers.into_iter().collect()
    }
}

pub(crate) fn path(path: &Path) -> Result<std::ffi::CString> {
    text(path.to_str().ok_or_else(|| Error::Input(format!("{}: a path in UTF-8 expected", path.display())))?)
}

unsafe fn graph_of(graph: &sys::edgeattn_graph_spec) -> Result<Graph> {
    let inputs = listed(graph.inputs, graph.input_count).iter().map(|spec| spec_of(&**spec));
    let outputs = listed(graph.outputs, graph.output_count).iter().map(|spec| spec_of(&**spec));
    Ok(Graph {
        name: string(graph.name),
        inputs: inputs.collect::<Result<_>>()?,
        outputs: outputs.collect::<Result<_>>()?,
    })
}

unsafe fn spec_of(spec: &sys::edgeattn_tensor_spec) -> Result<TensorSpec> {
    let dtype = string(spec.dtype);
    let dtype =
        DType::of(&dtype).ok_or_else(|| Error::Runtime(format!("{dtype}: a dtype that this crate does not know")))?;
    let dims = listed(spec.dims, spec.rank).iter();
    let dims =
        dims.map(
            |dim| if dim.symbol.is_null() { Dim::Size(dim.size as usize) } else { Dim::Symbol(string(dim.symbol)) },
        );
    Ok(TensorSpec { name: string(spec.name), dtype, dims: dims.collect() })
}
