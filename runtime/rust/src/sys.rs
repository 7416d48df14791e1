//! edgeattn.h as Rust sees it, written by bind.py.
#![allow(non_camel_case_types)]

use std::ffi::{c_char, c_int, c_void};

pub const UNSET: i64 = -1;

macro_rules! opaque {
    ($($name:ident)*) => { $(#[repr(C)] pub struct $name { _private: [u8; 0] })* };
}

opaque! { edgeattn_model
          edgeattn_tensors
          edgeattn_error
          edgeattn_cancellation
          edgeattn_golden_results
          edgeattn_label_list
          edgeattn_prediction_list
          edgeattn_stream
          edgeattn_answers
          edgeattn_session
          edgeattn_text_stream }

pub type edgeattn_status = c_int;
pub const OK: edgeattn_status = 0;
pub const INPUT_ERROR: edgeattn_status = 1;
pub const BUNDLE_ERROR: edgeattn_status = 2;
pub const INCOMPATIBLE_RUNTIME_ERROR: edgeattn_status = 3;
pub const ERROR: edgeattn_status = 4;
pub const RESOURCE_ERROR: edgeattn_status = 5;
pub const DEADLINE_ERROR: edgeattn_status = 6;
pub const CALLBACK_ERROR: edgeattn_status = 7;

pub type edgeattn_early_stopping = c_int;
pub const EARLY_STOPPING_UNSET: edgeattn_early_stopping = -1;
pub const EARLY_STOPPING_FALSE: edgeattn_early_stopping = 0;
pub const EARLY_STOPPING_TRUE: edgeattn_early_stopping = 1;
pub const EARLY_STOPPING_NEVER: edgeattn_early_stopping = 2;

pub type edgeattn_on_progress = unsafe extern "C" fn(u64, u64, *mut c_void, *mut *mut edgeattn_error) -> c_int;

pub type edgeattn_on_token = unsafe extern "C" fn(i64, *mut c_void, *mut *mut edgeattn_error) -> c_int;

pub type edgeattn_on_text = unsafe extern "C" fn(*const c_char, usize, *mut c_void, *mut *mut edgeattn_error) -> c_int;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_load_options {
    pub size: usize,
    pub target: *const c_char,
    pub threads: c_int,
    pub kernels: c_int,
    pub trusted_keys: *const *const c_char,
    pub trusted_key_count: usize,
    pub deadline_ms: i64,
    pub cancellation: *mut edgeattn_cancellation,
    pub on_progress: Option<edgeattn_on_progress>,
    pub context: *mut c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_bundle_file {
    pub size: usize,
    pub name: *const c_char,
    pub data: *const c_void,
    pub descriptor: c_int,
    pub offset: i64,
    pub bytes: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_dim {
    pub symbol: *const c_char,
    pub size: i64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_tensor_spec {
    pub name: *const c_char,
    pub dtype: *const c_char,
    pub dims: *const edgeattn_dim,
    pub rank: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_graph_spec {
    pub name: *const c_char,
    pub inputs: *const *const edgeattn_tensor_spec,
    pub input_count: usize,
    pub outputs: *const *const edgeattn_tensor_spec,
    pub output_count: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_tensor {
    pub name: *const c_char,
    pub dtype: *const c_char,
    pub dims: *const i64,
    pub rank: usize,
    pub data: *const c_void,
    pub bytes: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_call_options {
    pub size: usize,
    pub deadline_ms: i64,
    pub cancellation: *mut edgeattn_cancellation,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_text {
    pub bytes: *const c_char,
    pub size: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_text_options {
    pub size: usize,
    pub pairs: *const edgeattn_text,
    pub pair_count: usize,
    pub prompt: *const c_char,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_image {
    pub height: i64,
    pub width: i64,
    pub channels: i64,
    pub pixels: *const u8,
    pub bytes: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_sound {
    pub rate: i64,
    pub channels: i64,
    pub time: i64,
    pub samples: *const f32,
    pub sample_count: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_series {
    pub count: i64,
    pub time: i64,
    pub values: *const f64,
    pub value_count: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_file {
    pub path: *const c_char,
    pub data: *const c_void,
    pub bytes: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_label {
    pub name: *const c_char,
    pub value: f32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_prediction {
    pub label: *const c_char,
    pub text: *const c_char,
    pub text_size: usize,
    pub score: f64,
    pub has_box: c_int,
    pub r#box: [f64; 4],
    pub has_span: c_int,
    pub span: [i64; 2],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_image_size {
    pub width: i64,
    pub height: i64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_prediction_source {
    pub size: usize,
    pub texts: *const edgeattn_text,
    pub text_count: usize,
    pub sizes: *const edgeattn_image_size,
    pub size_count: usize,
    pub pairs: *const edgeattn_text,
    pub pair_count: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_stream_options {
    pub size: usize,
    pub hop: i64,
    pub window: i64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_ids {
    pub ids: *const i64,
    pub count: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_prompt {
    pub size: usize,
    pub tokens: edgeattn_ids,
    pub text: edgeattn_text,
    pub sources: *const edgeattn_tensors,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_generate_options {
    pub size: usize,
    pub deadline_ms: i64,
    pub cancellation: *mut edgeattn_cancellation,
    pub stop_strings: *const edgeattn_text,
    pub stop_string_count: usize,
    pub on_token: Option<edgeattn_on_token>,
    pub on_text: Option<edgeattn_on_text>,
    pub context: *mut c_void,
    pub session: *mut edgeattn_session,
    pub start: edgeattn_ids,
    pub stop: edgeattn_ids,
    pub stop_sequences: *const edgeattn_ids,
    pub stop_sequence_count: usize,
    pub max_new_tokens: i64,
    pub num_beams: i64,
    pub num_return_sequences: i64,
    pub length_penalty: f64,
    pub early_stopping: edgeattn_early_stopping,
    pub repetition_penalty: f64,
    pub temperature: f64,
    pub top_k: i64,
    pub top_p: f64,
    pub seed: i64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_hypothesis {
    pub tokens: edgeattn_ids,
    pub score: f64,
    pub text: *const c_char,
    pub text_size: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_golden_result {
    pub sample: i64,
    pub output: *const c_char,
    pub error: f64,
    pub max_abs: f64,
    pub ok: c_int,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct edgeattn_bench_options {
    pub size: usize,
    pub target: *const c_char,
    pub threads: *const c_int,
    pub thread_count: usize,
    pub rounds: c_int,
    pub warmup: c_int,
    pub kernels: c_int,
}

extern "C" {
    pub fn edgeattn_version() -> *const c_char;
    pub fn edgeattn_abi_version() -> c_int;
    pub fn edgeattn_error_message(error: *const edgeattn_error) -> *const c_char;
    pub fn edgeattn_error_free(error: *mut edgeattn_error);
    pub fn edgeattn_error_new(message: *const c_char) -> *mut edgeattn_error;
    pub fn edgeattn_text_free(text: *mut c_char);
    pub fn edgeattn_cancellation_new() -> *mut edgeattn_cancellation;
    pub fn edgeattn_cancellation_cancel(cancellation: *mut edgeattn_cancellation);
    pub fn edgeattn_cancellation_free(cancellation: *mut edgeattn_cancellation);
    pub fn edgeattn_load_options_init(options: *mut edgeattn_load_options, size: usize);
    pub fn edgeattn_load(folder: *const c_char, options: *const edgeattn_load_options, model: *mut *mut edgeattn_model, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_load_files(files: *const edgeattn_bundle_file, count: usize, options: *const edgeattn_load_options, model: *mut *mut edgeattn_model, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_open(model: *const edgeattn_model, graph: *const c_char, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_warm_up(model: *const edgeattn_model, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_close(model: *mut edgeattn_model, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_model_free(model: *mut edgeattn_model);
    pub fn edgeattn_describe(model: *const edgeattn_model, text: *mut *mut c_char, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_manifest(model: *const edgeattn_model, json: *mut *mut c_char, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_contract(model: *const edgeattn_model, graphs: *mut *const *const edgeattn_graph_spec, count: *mut usize, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_tensors_new() -> *mut edgeattn_tensors;
    pub fn edgeattn_tensors_free(tensors: *mut edgeattn_tensors);
    pub fn edgeattn_tensors_count(tensors: *const edgeattn_tensors) -> usize;
    pub fn edgeattn_tensors_put(tensors: *mut edgeattn_tensors, tensor: *const edgeattn_tensor, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_tensors_get(tensors: *const edgeattn_tensors, index: usize, view: *mut edgeattn_tensor, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_tensors_find(tensors: *const edgeattn_tensors, name: *const c_char, view: *mut edgeattn_tensor, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_call_options_init(options: *mut edgeattn_call_options, size: usize);
    pub fn edgeattn_run(model: *const edgeattn_model, graph: *const c_char, inputs: *const edgeattn_tensors, options: *const edgeattn_call_options, outputs: *mut *mut edgeattn_tensors, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_run_many(model: *const edgeattn_model, graph: *const c_char, samples: *const *const edgeattn_tensors, count: usize, options: *const edgeattn_call_options, answers: *mut *mut edgeattn_tensors, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_text_options_init(options: *mut edgeattn_text_options, size: usize);
    pub fn edgeattn_prepare_text(model: *const edgeattn_model, texts: *const edgeattn_text, count: usize, options: *const edgeattn_text_options, cut: *mut usize, inputs: *mut *mut edgeattn_tensors, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_prepare_image(model: *const edgeattn_model, images: *const edgeattn_image, count: usize, inputs: *mut *mut edgeattn_tensors, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_prepare_audio(model: *const edgeattn_model, sounds: *const edgeattn_sound, count: usize, inputs: *mut *mut edgeattn_tensors, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_prepare_series(model: *const edgeattn_model, sets: *const edgeattn_series, count: usize, inputs: *mut *mut edgeattn_tensors, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_prepare_image_files(model: *const edgeattn_model, files: *const edgeattn_file, count: usize, inputs: *mut *mut edgeattn_tensors, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_prepare_audio_files(model: *const edgeattn_model, files: *const edgeattn_file, count: usize, inputs: *mut *mut edgeattn_tensors, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_prepare_series_files(model: *const edgeattn_model, files: *const edgeattn_file, count: usize, inputs: *mut *mut edgeattn_tensors, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_read_audio(file: *const edgeattn_file, rate: *mut i64, samples: *mut *mut edgeattn_tensors, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_labels(model: *const edgeattn_model, outputs: *const edgeattn_tensors, labels: *mut *mut edgeattn_label_list, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_label_list_vectors(labels: *const edgeattn_label_list) -> usize;
    pub fn edgeattn_label_list_get(labels: *const edgeattn_label_list, vector: usize, count: *mut usize) -> *const edgeattn_label;
    pub fn edgeattn_label_list_free(labels: *mut edgeattn_label_list);
    pub fn edgeattn_predictions(model: *const edgeattn_model, outputs: *const edgeattn_tensors, source: *const edgeattn_prediction_source, predictions: *mut *mut edgeattn_prediction_list, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_prediction_list_rows(predictions: *const edgeattn_prediction_list) -> usize;
    pub fn edgeattn_prediction_list_get(predictions: *const edgeattn_prediction_list, row: usize, count: *mut usize) -> *const *const edgeattn_prediction;
    pub fn edgeattn_prediction_list_free(predictions: *mut edgeattn_prediction_list);
    pub fn edgeattn_decode(model: *const edgeattn_model, tokens: *const i64, count: usize, text: *mut *mut c_char, size: *mut usize, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_text_stream_new(model: *const edgeattn_model, stream: *mut *mut edgeattn_text_stream, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_text_stream_free(stream: *mut edgeattn_text_stream);
    pub fn edgeattn_text_stream_push(stream: *mut edgeattn_text_stream, token: i64, text: *mut *mut c_char, size: *mut usize, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_text_stream_finish(stream: *mut edgeattn_text_stream, text: *mut *mut c_char, size: *mut usize, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_forecast(model: *const edgeattn_model, outputs: *const edgeattn_tensors, forecast: *mut *mut edgeattn_tensors, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_stream_options_init(options: *mut edgeattn_stream_options, size: usize);
    pub fn edgeattn_stream_new(model: *const edgeattn_model, options: *const edgeattn_stream_options, stream: *mut *mut edgeattn_stream, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_stream_free(stream: *mut edgeattn_stream);
    pub fn edgeattn_stream_push_audio(stream: *mut edgeattn_stream, samples: *const f32, count: usize, channels: usize, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_stream_push_series(stream: *mut edgeattn_stream, values: *const f64, count: usize, series: usize, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_stream_next(stream: *mut edgeattn_stream, options: *const edgeattn_call_options, end: *mut i64, outputs: *mut *mut edgeattn_tensors, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_stream_reset(stream: *mut edgeattn_stream, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_step_stream_new(model: *const edgeattn_model, stream: *mut *mut edgeattn_stream, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_stream_push_array(stream: *mut edgeattn_stream, array: *const edgeattn_tensor, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_generate_options_init(options: *mut edgeattn_generate_options, size: usize);
    pub fn edgeattn_session_new(model: *const edgeattn_model, session: *mut *mut edgeattn_session, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_session_free(session: *mut edgeattn_session);
    pub fn edgeattn_generate(model: *const edgeattn_model, prompts: *const edgeattn_prompt, count: usize, options: *const edgeattn_generate_options, answers: *mut *mut edgeattn_answers, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_answers_get(answers: *const edgeattn_answers, prompt: usize, count: *mut usize) -> *const *const edgeattn_hypothesis;
    pub fn edgeattn_answers_free(answers: *mut edgeattn_answers);
    pub fn edgeattn_check(model: *const edgeattn_model, options: *const edgeattn_call_options, results: *mut *mut edgeattn_golden_results, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_golden_results_get(results: *const edgeattn_golden_results, count: *mut usize) -> *const *const edgeattn_golden_result;
    pub fn edgeattn_golden_results_free(results: *mut edgeattn_golden_results);
    pub fn edgeattn_install(folder: *const c_char, over: *const c_char, options: *const edgeattn_load_options, results: *mut *mut edgeattn_golden_results, error: *mut *mut edgeattn_error) -> edgeattn_status;
    pub fn edgeattn_bench_options_init(options: *mut edgeattn_bench_options, size: usize);
    pub fn edgeattn_bench(folder: *const c_char, options: *const edgeattn_bench_options, json: *mut *mut c_char, error: *mut *mut edgeattn_error) -> edgeattn_status;
}
