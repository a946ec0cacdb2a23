/**
 * The condition `Informed`: whether what Acronis sends about quotas can reach the user. It is about the person and not about the object: it never touches
 * Ready, is no event, and changes nothing at Acronis.
 */
interface Meaning {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly message: string;
}

const meanings = {
  QuotaNotificationsOn: {
    status: 'True',
    message: 'The user is enabled and activated, and gets e-mails about quotas.',
  },
  QuotaNotificationsOff: {
    status: 'False',
    message:
      'The user gets no e-mail about quotas: its notifications lack quota. Have it switched on in the management portal.',
  },
  UserDisabled: {
    status: 'False',
    message: 'The user is disabled and cannot log in. Enable the user in the management portal.',
  },
  UserNotActivated: {
    status: 'False',
    message: 'The user has not activated the account yet. Send the activation e-mail again from the management portal.',
  },
  NotShown: {
    status: 'Unknown',
    message: 'Acronis does not show which notifications the user gets.',
  },
} as const satisfies Record<string, Meaning>;

export type InformedReason = keyof typeof meanings;
export const informedReasons = Object.keys(meanings).filter((name): name is InformedReason =>
  Object.hasOwn(meanings, name),
);

/** The reason that `Informed` has; undefined where there is no such condition, or one of another version. */
export const informedReason = (
  conditions: readonly { readonly type: string; readonly reason: string }[] | undefined,
): InformedReason | undefined => {
  const reason = conditions?.find(({ type }) => type === 'Informed')?.reason;
  return informedReasons.find((each) => each === reason);
};

export const meaningOfInformed = (reason: InformedReason): Meaning => meanings[reason];
