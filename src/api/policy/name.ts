/** The name of a policy is the value of a label of its children, which is shorter than names may be. */
export const maxPolicyNameLength = 63;

/** Judged by the API server alone: a policy with a longer name is never stored. */
export const policyNameRule = {
  rule: `size(self.metadata.name) <= ${maxPolicyNameLength}`,
  message: `the name of a policy has at most ${maxPolicyNameLength} characters, as it is a label of its children; choose a shorter one`,
};
