export const budgets = {
  title: "Budgets",
  text: "Whoever reaches one is stopped with the reason, and you can continue, which grants as much again. 0 is any; empty is as the field shows.",
  whose: { turn: "A turn", conversation: "All turns" },
  kinds: { steps: "Requests to the model", calls: "Calls", tokens: "Tokens", dollars: "US dollars", minutes: "Minutes at work" },
  any: "any",
  wrong: "A number, 0 for any, or nothing.",
};
