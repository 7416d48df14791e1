"""What checkpoints are trained for, a task a file.

To add one: a ``Task`` in a file here, without an edgeattn dependency but on files of this kind, and its line
in ``TASKS``. It is made of the folder and of rows by role, and has the attributes of a model's file
(docs/model-file.md). Only a checkpoint of the task imports its file, with what that needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from edgeattn.source.checkpoint.tasks.task import Task


class Kind(NamedTuple):
    """Which classes of transformers a task is for.

    Attributes:
        module: The task's, here.
        name: The task's class.
        takes: What these classes call their main input; tasks of texts, images and sounds share heads.
        heads: How the names of these classes end.
    """

    module: str
    name: str
    takes: tuple[str, ...]
    heads: tuple[str, ...]


TEXT, IMAGE, SOUND = ("input_ids",), ("pixel_values",), ("input_values", "input_features")
CLASSIFIER, MODEL = "ForSequenceClassification", "Model"
TASKS = (
    Kind("sequence_classification", "SequenceClassification", TEXT, (CLASSIFIER,)),
    Kind("token_classification", "TokenClassification", TEXT, ("ForTokenClassification",)),
    Kind(
        "question_answering",
        "QuestionAnswering",
        TEXT,
        ("ForQuestionAnswering", "ForQuestionAnsweringSimple"),
    ),
    Kind("masked_lm", "MaskedLM", TEXT, ("ForMaskedLM",)),
    Kind("ctc_speech", "CTCSpeech", SOUND, ("ForCTC",)),
    Kind("audio_classification", "AudioClassification", SOUND, ("ForAudioClassification", CLASSIFIER)),
    Kind("causal_lm", "CausalLM", TEXT, ("ForCausalLM", "LMHeadModel")),
    Kind(
        "seq2seq_lm",
        "Seq2SeqLM",
        TEXT,
        ("ForConditionalGeneration", "ForSeq2SeqLM", "MTModel", "MTM100Model"),
    ),
    Kind("speech_to_text", "SpeechToText", SOUND, ("ForConditionalGeneration",)),
    Kind("image_classification", "ImageClassification", IMAGE, ("ForImageClassification",)),
    Kind("object_detection", "ObjectDetection", IMAGE, ("ForObjectDetection",)),
    Kind("image_text_embedding", "ImageTextEmbedding", TEXT, ("CLIPModel", "SiglipModel")),
    Kind("feature_extraction", "FeatureExtraction", TEXT, ("EncoderModel", MODEL)),
    Kind("image_features", "ImageFeatures", IMAGE, (MODEL,)),
)


def task_of(architecture: str, takes: str = "") -> type[Task]:
    """Return the task of a class of transformers: the first whose head and input fit, else whose head does.

    Raises:
        ValueError: It is none of these.
    """
    fitting = [kind for kind in TASKS if architecture.endswith(kind.heads)]
    if not fitting:
        heads = ", ".join(dict.fromkeys(f"*{head}" for kind in TASKS for head in kind.heads))
        raise ValueError(
            f"config.json: architecture {architecture} found, one of {heads} expected; write a model file"
        )
    kind = next((kind for kind in fitting if takes in kind.takes), fitting[0])
    task: type[Task] = getattr(import_module(f"{__name__}.{kind.module}"), kind.name)
    return task
