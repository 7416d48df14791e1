//! Runs every case of runtime/conformance, and prints one JSON object a line.

mod json;
mod prepared;

use std::path::Path;
use std::time::Instant;
use std::{env, fs};

use edgeattn::{
    Answer, DType, EarlyStopping, Error, GenerationOptions, GenerationSession, Label, Limits, LoadOptions, Model,
    Prediction, Prompt, Result, Source, Stream, Tensor, Tensors, TextStream,
};
use json::Json;

/// What a runtime found, and how near it came.
pub struct Outcome {
    found: &'static str,
    agrees: bool,
    max_abs: Option<f64>,
    error: Option<f64>,
}

impl Outcome {
    pub fn answered(agrees: bool) -> Self {
        Outcome { found: "answered", agrees, max_abs: None, error: None }
    }

    /// Takes outputs in that must be like the expected ones.
    fn compare(&mut self, found: &Tensors, expected: &Json, tolerance: f64) {
        let expected = tensors(expected);
        self.agrees = self.agrees && found.keys().eq(expected.keys());
        for (answer, wanted) in found.values().zip(expected.values()) {
            self.agrees = self.agrees && answer.dtype() == wanted.dtype() && answer.dims() == wanted.dims();
            if !self.agrees {
                return;
            }
            let pairs = reals(answer).into_iter().zip(reals(wanted));
            let difference = pairs.fold(0.0, |most: f64, (one, other)| most.max((one - other).abs()));
            self.agrees = difference <= tolerance;
            self.max_abs = Some(self.max_abs.unwrap_or(0.0).max(difference));
        }
    }
}

/// Returns the values in float64.
pub fn reals(tensor: &Tensor) -> Vec<f64> {
    fn all<Value: edgeattn::Element>(tensor: &Tensor, real: impl Fn(Value) -> f64) -> Vec<f64> {
        tensor.values().unwrap().iter().map(|value| real(*value)).collect()
    }
    match tensor.dtype() {
        DType::Bool => all(tensor, |value: bool| u8::from(value).into()),
        DType::Int8 => all(tensor, |value: i8| value.into()),
        DType::Int32 => all(tensor, |value: i32| value.into()),
        DType::Int64 => all(tensor, |value: i64| value as f64),
        DType::Float32 => all(tensor, |value: f32| value.into()),
        DType::Float64 => all(tensor, |value: f64| value),
        other => panic!("no case has a tensor of {other:?}"),
    }
}

fn tensor(given: &Json) -> Tensor {
    let dims: Vec<usize> = given["shape"].integers().into_iter().map(|dim| dim as usize).collect();
    let data = given["data"].list();
    fn made<Value: edgeattn::Element>(dims: &[usize], data: &[Json], value: impl Fn(&Json) -> Value) -> Tensor {
        Tensor::new(dims, &data.iter().map(value).collect::<Vec<_>>()).unwrap()
    }
    match given["dtype"].text().unwrap() {
        "bool" => made(&dims, data, |each| each.real() != 0.0),
        "int8" => made(&dims, data, |each| each.integer().unwrap() as i8),
        "int32" => made(&dims, data, |each| each.integer().unwrap() as i32),
        "int64" => made(&dims, data, |each| each.integer().unwrap()),
        "float32" => made(&dims, data, |each| each.real() as f32),
        "float64" => made(&dims, data, Json::real),
        other => panic!("no case has a tensor of {other}"),
    }
}

fn tensors(given: &Json) -> Tensors {
    given.table().map(|(name, each)| (name.clone(), tensor(each))).collect()
}

fn load(folder: &Path, case: &Json) -> Result<Model> {
    let keys: Vec<&str> = case["trusted_keys"].list().iter().filter_map(Json::text).collect();
    let options =
        LoadOptions { trusted_keys: (!case["trusted_keys"].is_null()).then_some(&keys), ..Default::default() };
    Model::load_with(folder.join(case["bundle"].text().unwrap()), options)
}

fn verdict(folder: &Path, case: &Json) -> Result<Outcome> {
    let check = || {
        let model = load(folder, case)?;
        for graph in model.graphs()? {
            model.open(&graph.name)?;
        }
        model.check(&Limits::default())
    };
    let refused = |found| Ok(Outcome { found, ..Outcome::answered(true) });
    let results = match check() {
        Err(Error::Bundle(_)) => return refused("refused"),
        Err(Error::IncompatibleRuntime(_)) => return refused("incompatible"),
        other => other?,
    };
    let as_expected = case["golden"].is_null()
        || case["golden"].list().iter().map(Json::list).eq(results.iter().map(|each| {
            let error = each.error.map_or(Json::Null, Json::Number);
            [Json::Integer(each.sample), Json::Text(each.output.clone()), error, Json::Bool(each.ok)]
        }));
    Ok(Outcome {
        found: if results.iter().all(|each| each.ok) { "accepted" } else { "golden-fails" },
        agrees: as_expected,
        max_abs: None,
        error: results.iter().filter_map(|each| each.error).reduce(f64::max),
    })
}

fn call(model: &Model, entry: &Json) -> Result<Outcome> {
    let outputs = model.run_with(&tensors(&entry["inputs"]), entry["graph"].text(), &Limits::default())?;
    let mut outcome = Outcome::answered(true);
    outcome.compare(&outputs, &entry["outputs"], entry["tolerance"].real());
    Ok(outcome)
}

/// Continues a prompt, and compares the tokens that are heard and answered.
fn continued(model: &Model, run: &Json, session: Option<&GenerationSession>) -> Result<bool> {
    let (prompt, start, sources) = (run["prompt"].integers(), run["start"].integers(), tensors(&run["sources"]));
    let options = GenerationOptions {
        start: (!run["start"].is_null()).then_some(&start),
        max_new_tokens: run["max_new_tokens"].integer().map(|count| count as u32),
        session,
        ..Default::default()
    };
    let prompt = if run["prompt"].is_null() { Prompt::Sources(&sources) } else { Prompt::Tokens(&prompt) };
    let mut heard = Vec::new();
    let answer = model.generate(prompt, &options, |token| {
        heard.push(token);
        true
    })?;
    Ok(answer.tokens == run["tokens"].integers() && heard == answer.tokens)
}

fn generate(model: &Model, run: &Json) -> Result<Outcome> {
    Ok(Outcome::answered(continued(model, run, None)?))
}

/// Continues the turns of one text; after one that is refused the next goes on.
fn session(model: &Model, entry: &Json) -> Result<Outcome> {
    let kept = GenerationSession::new(model)?;
    let mut agrees = true;
    for turn in entry["turns"].list() {
        agrees &= match continued(model, turn, Some(&kept)) {
            Err(Error::Input(_)) => !turn["error"].is_null(),
            other => other?,
        };
    }
    Ok(Outcome::answered(agrees))
}

fn generate_many(model: &Model, run: &Json) -> Result<Outcome> {
    let settings = &run["settings"];
    let count = |key| settings[key].integer().map(|count| u32::try_from(count).unwrap_or(0));
    let real = |key| (!settings[key].is_null()).then(|| settings[key].real());
    let (start, stop, sources) = (run["start"].integers(), settings["stop"].integers(), tensors(&run["sources"]));
    let lists = |list: &Json| list.list().iter().map(Json::integers).collect::<Vec<_>>();
    let (sequences, prompts) = (lists(&settings["stop_sequences"]), lists(&run["prompts"]));
    let sequences: Vec<&[i64]> = sequences.iter().map(Vec::as_slice).collect();
    let options = GenerationOptions {
        start: (!run["start"].is_null()).then_some(&start),
        max_new_tokens: count("max_new_tokens"),
        temperature: real("temperature"),
        top_k: count("top_k"),
        top_p: real("top_p"),
        repetition_penalty: real("repetition_penalty"),
        seed: count("seed"),
        stop: (!settings["stop"].is_null()).then_some(&stop),
        stop_sequences: &sequences,
        num_beams: count("num_beams"),
        num_return_sequences: count("num_return_sequences"),
        length_penalty: real("length_penalty"),
        early_stopping: match (settings["early_stopping"].flag(), settings["early_stopping"].text()) {
            (Some(stops), _) => Some(if stops { EarlyStopping::Yes } else { EarlyStopping::No }),
            (_, Some("never")) => Some(EarlyStopping::Never),
            (_, Some(_)) => return Err(Error::Input("no value that an EarlyStopping has".into())),
            _ => None,
        },
        ..Default::default()
    };
    let prompts: Vec<Prompt> = if run["sources"].is_null() {
        prompts.iter().map(|prompt| Prompt::Tokens(prompt)).collect()
    } else {
        vec![Prompt::Sources(&sources)]
    };
    let found = model.answers(&prompts, &options)?;
    let is_near = |one: &Answer, other: &Json| {
        one.tokens == other.list()[0].integers() && (one.score - other.list()[1].real()).abs() <= 1e-4
    };
    Ok(Outcome::answered(alike(&found, &run["sequences"], is_near)))
}

/// Compares rows of rows.
fn alike<Value>(found: &[Vec<Value>], expected: &Json, is_like: impl Fn(&Value, &Json) -> bool) -> bool {
    found.len() == expected.list().len()
        && found.iter().zip(expected.list()).all(|(row, wanted)| {
            row.len() == wanted.list().len() && row.iter().zip(wanted.list()).all(|(one, other)| is_like(one, other))
        })
}

fn labels(model: &Model, entry: &Json) -> Result<Outcome> {
    let found = model.labels(&tensors(&entry["outputs"]))?;
    let is_like = |one: &Label, other: &Json| {
        Some(one.name.as_str()) == other.list()[0].text()
            && f64::from(one.value) == f64::from(other.list()[1].real() as f32)
    };
    Ok(Outcome::answered(alike(&found, &entry["labels"], is_like)))
}

fn predictions(model: &Model, entry: &Json) -> Result<Outcome> {
    let texts: Vec<&str> = entry["texts"].list().iter().filter_map(Json::text).collect();
    let pairs: Vec<&str> = entry["pairs"].list().iter().filter_map(Json::text).collect();
    let sizes: Vec<(i64, i64)> =
        entry["sizes"].list().iter().map(|size| (size.integers()[0], size.integers()[1])).collect();
    let found =
        model.predictions(&tensors(&entry["outputs"]), &Source { texts: &texts, pairs: &pairs, sizes: &sizes })?;
    Ok(Outcome::answered(alike(&found, &entry["predictions"], is_predicted)))
}

/// Says whether a prediction has what is expected of it and no more, numbers within 1e-9.
fn is_predicted(found: &Prediction, expected: &Json) -> bool {
    let numbers = |score: Option<f64>, area: Vec<f64>| [vec![score.unwrap_or(f64::MAX)], area].concat();
    let area = found.area.map_or(vec![], |area| vec![area.left, area.top, area.right, area.bottom]);
    let score = (!expected["score"].is_null()).then(|| expected["score"].real());
    let (ours, theirs) = (numbers(found.score, area), numbers(score, expected["box"].reals()));
    let span = found.span.as_ref().map_or(vec![], |span| vec![span.start as i64, span.end as i64]);
    found.label.as_deref() == expected["label"].text()
        && found.text.as_deref() == expected["text"].text()
        && span == expected["span"].integers()
        && ours.len() == theirs.len()
        && ours.iter().zip(&theirs).all(|(one, other)| (one - other).abs() <= 1e-9)
}

/// Decodes tokens whole, and as they come.
fn decode(model: &Model, entry: &Json) -> Result<Outcome> {
    let (tokens, mut stream) = (entry["tokens"].integers(), TextStream::new(model)?);
    let whole = model.decode(&tokens)?;
    let mut streamed = tokens.iter().map(|token| stream.push(*token)).collect::<Result<String>>()?;
    streamed += &stream.finish()?;
    Ok(Outcome::answered(entry["text"].text() == Some(&whole) && streamed == whole))
}

fn forecast(model: &Model, entry: &Json) -> Result<Outcome> {
    let (found, expected) = (model.forecast(&tensors(&entry["outputs"]))?, &entry["forecast"]);
    Ok(Outcome::answered(
        !expected.is_null() && found.dims() == tensor(expected).dims() && found.bytes() == tensor(expected).bytes(),
    ))
}

fn run_many(model: &Model, entry: &Json) -> Result<Outcome> {
    let samples: Vec<Tensors> = entry["samples"].list().iter().map(tensors).collect();
    let answers = model.run_many(&samples, &Limits::default())?;
    let mut outcome = Outcome::answered(answers.len() == entry["outputs"].list().len());
    for (found, expected) in answers.iter().zip(entry["outputs"].list()) {
        outcome.compare(found, expected, entry["tolerance"].real());
    }
    Ok(outcome)
}

fn stream(model: &Model, entry: &Json) -> Result<Outcome> {
    let window = entry["window"].integer().map(|window| window as u32);
    moments(model, model.stream(entry["hop"].integer().unwrap(), window)?, entry)
}

fn steps(model: &Model, entry: &Json) -> Result<Outcome> {
    moments(model, model.steps()?, entry)
}

/// Compares what each push gives; null stands for one that is refused.
fn moments(model: &Model, mut stream: Stream, entry: &Json) -> Result<Outcome> {
    let has_series = !Json::parse(&model.manifest()?)["processing"]["series"].is_null();
    let mut outcome = Outcome::answered(true);
    for (push, expected) in entry["pushes"].list().iter().zip(entry["moments"].list()) {
        let found = pushed(&mut stream, push, has_series);
        match found {
            Err(Error::Input(_)) => outcome.agrees &= expected.is_null(),
            Err(other) => return Err(other),
            Ok(found) => {
                let ends = found.iter().map(|moment| Some(moment.end));
                outcome.agrees &=
                    !expected.is_null() && ends.eq(expected.list().iter().map(|each| each["end"].integer()));
                for (moment, wanted) in found.iter().zip(expected.list()) {
                    outcome.compare(&moment.outputs, &wanted["outputs"], entry["tolerance"].real());
                }
            }
        }
    }
    Ok(outcome)
}

fn pushed(stream: &mut Stream, push: &Json, has_series: bool) -> Result<Vec<edgeattn::Moment>> {
    let rows: Vec<Vec<f64>> = push.list().iter().map(Json::reals).collect();
    match push {
        Json::Text(_) => stream.reset()?,
        Json::Table(_) => stream.push_array(&tensor(push))?,
        _ if has_series => stream.push_series(&rows)?,
        _ => stream
            .push_samples(&rows.iter().map(|row| row.iter().map(|real| *real as f32).collect()).collect::<Vec<_>>())?,
    }
    let mut found = Vec::new();
    while let Some(moment) = stream.next(&Limits::default())? {
        found.push(moment);
    }
    Ok(found)
}

fn name(error: &Error) -> &'static str {
    match error {
        Error::Input(_) => "InputError",
        Error::Bundle(_) => "BundleError",
        Error::IncompatibleRuntime(_) => "IncompatibleRuntimeError",
        _ => "another error",
    }
}

fn report(case: &Json, what: &str, expected: &str, run: impl FnOnce() -> Result<Outcome>) {
    let start = Instant::now();
    let outcome = run().unwrap_or_else(|error| Outcome { found: name(&error), ..Outcome::answered(true) });
    let number = |number: Option<f64>| number.map_or(Json::Null, Json::Number);
    println!(
        r#"{{"bundle": {}, "what": "{what}", "expected": "{expected}", "found": "{}", "agrees": {}, "max_abs": {}, "error": {}, "seconds": {:.4}}}"#,
        case["bundle"],
        if outcome.agrees { outcome.found } else { "another answer" },
        outcome.agrees && outcome.found == expected,
        number(outcome.max_abs),
        number(outcome.error),
        start.elapsed().as_secs_f64(),
    );
}

type Answerer<'a> = dyn Fn(&Model, &Json) -> Result<Outcome> + 'a;

fn main() {
    let folder = env::args().nth(1).expect("conformance FOLDER, such as runtime/conformance/build");
    let folder = Path::new(&folder);
    let cases = Json::parse(&fs::read_to_string(folder.join("cases.json")).unwrap());
    let prepare = |model: &Model, entry: &Json| prepared::prepare(folder, model, entry);
    let kinds: [(&str, &str, &Answerer); 12] = [
        ("calls", "call", &call),
        ("prepare", "prepare", &prepare),
        ("labels", "labels", &labels),
        ("predictions", "predictions", &predictions),
        ("generate", "generate", &generate),
        ("generate_many", "generate_many", &generate_many),
        ("session", "session", &session),
        ("decode", "decode", &decode),
        ("forecast", "forecast", &forecast),
        ("run_many", "run_many", &run_many),
        ("stream", "stream", &stream),
        ("steps", "steps", &steps),
    ];
    for case in cases.list() {
        report(case, "open", case["verdict"].text().unwrap(), || verdict(folder, case));
        for (kind, what, run) in kinds {
            for (index, entry) in case[kind].list().iter().enumerate() {
                let expected = entry["error"].text().unwrap_or("answered");
                report(case, &format!("{what} {index}"), expected, || run(&load(folder, case)?, entry));
            }
        }
    }
}
