"""What tfc means by a network: types, graphs, operators, text, and the evaluator that defines them."""
