"""The operators that compute each number of their result of one number of each broadcast operand."""

from __future__ import annotations

ARITHMETIC = frozenset({"Abs", "Add", "Div", "Max", "Min", "Mod", "Mul", "Neg", "Pow", "Sign", "Sub", "Sum"})
ROUNDING = frozenset({"Cast", "Ceil", "Clip", "Floor", "Identity", "Round"})
FUNCTIONS = frozenset({"Cos", "Exp", "Log", "Reciprocal", "Relu", "Sigmoid", "Sin", "Sqrt", "Tanh"})
LOGIC = frozenset(
    {"And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "Or", "Where", "Xor"}
)
ELEMENTWISE = ARITHMETIC | ROUNDING | FUNCTIONS | LOGIC
