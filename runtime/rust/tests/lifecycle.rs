//! How calls end that are cancelled, late, of a closed model or whose callback panics; bundles in no folder; updates.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::PathBuf;
use std::{env, process};

use edgeattn::{
    bench, install, BenchOptions, BundleFile, Cancellation, DType, Error, GenerationOptions, Half, Limits, LoadOptions,
    Model, Prompt, Result, Tensor,
};

fn bundle(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../conformance/build").join(name)
}

fn all_ok(model: &Model) -> Result<bool> {
    let results = model.check(&Limits::default())?;
    Ok(results.len() == 4 && results.iter().all(|each| each.ok))
}

/// Makes files of those in a folder.
fn files(of: impl Fn(PathBuf) -> BundleFile) -> BTreeMap<String, BundleFile> {
    let entries = fs::read_dir(bundle("good.edge")).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), of(entry.path()))).collect()
}

#[test]
fn a_bundle_in_memory_is_loaded_and_reports_its_progress() {
    let (mut heard, mut whole) = (0, 0);
    let mut hear = |done, total| {
        assert!(done > heard);
        (heard, whole) = (done, total);
        true
    };
    let options = LoadOptions { on_progress: Some(&mut hear), ..Default::default() };
    let model = Model::load_files(files(|path| BundleFile::Bytes(fs::read(path).unwrap().into())), options).unwrap();
    assert!(all_ok(&model).unwrap());
    assert!(heard == whole && whole > 0);
}

#[cfg(unix)]
#[test]
fn parts_of_open_files_are_loaded() {
    let part = |path: PathBuf| {
        let bytes = fs::metadata(&path).unwrap().len() as usize;
        BundleFile::Part { file: File::open(path).unwrap(), offset: 0, bytes }
    };
    assert!(all_ok(&Model::load_files(files(part), LoadOptions::default()).unwrap()).unwrap());
}

#[cfg(unix)]
#[test]
fn an_open_file_that_changes_is_refused() {
    let folder = env::temp_dir().join(format!("edgeattn-parts-{}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    let part = |path: PathBuf| {
        let copy = folder.join(path.file_name().unwrap());
        let bytes = fs::copy(path, &copy).unwrap() as usize;
        BundleFile::Part { file: File::open(copy).unwrap(), offset: 0, bytes }
    };
    let model = Model::load_files(files(part), LoadOptions::default()).unwrap();
    let golden = folder.join("golden.safetensors");
    let mut bytes = fs::read(&golden).unwrap();
    bytes[0] ^= 1;
    fs::write(&golden, &bytes).unwrap();
    assert!(matches!(model.check(&Limits::default()), Err(Error::Bundle(message)) if message.contains("(changed)")));
    File::options().write(true).open(&golden).unwrap().set_len(1).unwrap();
    assert!(matches!(model.check(&Limits::default()), Err(Error::Bundle(message)) if message.contains("cut, or")));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_ends_a_load_is_told() {
    let mut refuse = |_, _| false;
    let options = LoadOptions { on_progress: Some(&mut refuse), ..Default::default() };
    assert!(matches!(Model::load_with(bundle("good.edge"), options), Err(Error::Deadline(_))));
    let cancellation = Cancellation::new().unwrap();
    cancellation.cancel();
    let limits = Limits { cancellation: Some(cancellation), ..Default::default() };
    let options = LoadOptions { limits: limits.clone(), ..Default::default() };
    assert!(matches!(Model::load_with(bundle("good.edge"), options), Err(Error::Deadline(_))));
    let model = Model::load(bundle("good.edge")).unwrap();
    assert!(matches!(model.check(&limits), Err(Error::Deadline(_))));
}

#[test]
fn a_callback_ends_an_answer_or_panics_through() {
    let model = Model::load(bundle("decoder.edge")).unwrap();
    let (prompt, options) = (Prompt::Tokens(&[4, 7, 1]), GenerationOptions::default());
    let mut heard = 0;
    let answer = model.generate(prompt, &options, |_| {
        heard += 1;
        heard < 2
    });
    assert_eq!(answer.unwrap().tokens, [8, 3]);
    let panicked = catch_unwind(AssertUnwindSafe(|| model.generate(prompt, &options, |_| panic!("gone"))));
    assert_eq!(panicked.unwrap_err().downcast_ref::<&str>(), Some(&"gone"));
}

#[test]
fn a_stream_takes_the_series_of_its_bundle_alone() {
    let mut stream = Model::load(bundle("series-hold.edge")).unwrap().stream(3, None).unwrap();
    for series in [vec![], vec![vec![0.0; 400]], vec![vec![0.0; 400]; 3]] {
        assert!(matches!(stream.push_series(&series), Err(Error::Input(_))));
    }
    stream.push_series(&vec![vec![0.0; 6]; 2]).unwrap();
    assert_eq!(stream.next(&Limits::default()).unwrap().unwrap().end, 6);
}

#[test]
fn a_closed_model_says_so() {
    let model = Model::load(bundle("good.edge")).unwrap();
    assert!(model.describe().unwrap().starts_with("tiny: "));
    model.warm_up().unwrap();
    model.close().unwrap();
    model.close().unwrap();
    let error = model.describe().unwrap_err();
    assert!(matches!(&error, Error::Input(message) if message.ends_with("a closed model; load it again")));
    assert!(error.to_string().contains("good.edge"));
}

#[test]
fn an_update_takes_the_place() {
    let folder = env::temp_dir().join(format!("edgeattn-{}", process::id()));
    let place = folder.join("x.edge");
    let results = install(bundle("good.edge"), &place, LoadOptions::default()).unwrap();
    assert_eq!(results, Model::load(&place).unwrap().check(&Limits::default()).unwrap());
    fs::remove_dir_all(folder).unwrap();
    let timed = bench(bundle("good.edge"), &BenchOptions { rounds: 2, warmup: 0, ..Default::default() });
    assert!(timed.unwrap().contains("\"latency_ms\""));
}

#[test]
fn tensors_are_of_one_dtype_and_size() {
    let tensor = Tensor::new(&[2, 1], &[Half(1), Half(2)]).unwrap();
    assert_eq!((tensor.dtype(), tensor.dims(), tensor.bytes()), (DType::Float16, &[2, 1][..], &[1, 0, 2, 0][..]));
    assert!(matches!(tensor.values::<f32>(), Err(Error::Input(_))));
    assert!(matches!(Tensor::new(&[3], &[1i64]), Err(Error::Input(_))));
    assert!(Tensor::new(&[0, 4], &[0f64; 0]).unwrap().values::<f64>().unwrap().is_empty());
}

#[test]
fn models_go_from_thread_to_thread() {
    fn is_shared<Value: Send + Sync>() {}
    is_shared::<Model>();
    is_shared::<Tensor>();
    is_shared::<Cancellation>();
}
