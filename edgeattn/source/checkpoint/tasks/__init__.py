"""What checkpoints are trained for, a task a file.

To add one: a ``Task`` in a file here, without an edgeattn dependency but on files of this kind, and its name
in ``TASKS``. It is made of the folder and of rows by role, and has the attributes of a model's file
(docs/model-file.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from edgeattn.source.checkpoint.tasks.task import Task

# By the module here: its class. Of those whose heads fit the first is taken that takes the class's input.
TASKS = {
    "sequence_classification": "SequenceClassification",
    "token_classification": "TokenClassification",
    "question_answering": "QuestionAnswering",
    "masked_lm": "MaskedLM",
    "ctc_speech": "CTCSpeech",
    "causal_lm": "CausalLM",
    "seq2seq_lm": "Seq2SeqLM",
    "speech_to_text": "SpeechToText",
    "image_classification": "ImageClassification",
    "object_detection": "ObjectDetection",
    "image_text_embedding": "ImageTextEmbedding",
    "feature_extraction": "FeatureExtraction",
    "image_features": "ImageFeatures",
}


def task_of(architecture: str, takes: str = "") -> type[Task]:
    """Return the task of a class of transformers.

    Args:
        architecture: Its name.
        takes: Its main input, by which tasks of texts, images and sounds differ where heads have one name.

    Raises:
        ValueError: It is none of these.
    """
    fitting = [task for task in _tasks() if architecture.endswith(tuple(task.heads))]
    if fitting:
        return next((task for task in fitting if task.takes == takes), fitting[0])
    heads = ", ".join(f"*{head}" for task in _tasks() for head in task.heads)
    raise ValueError(
        f"config.json: architecture {architecture} found, one of {heads} expected; write a model file"
    )


def _tasks() -> Iterator[type[Task]]:
    for module, name in TASKS.items():
        task: type[Task] = getattr(import_module(f"{__name__}.{module}"), name)
        yield task
