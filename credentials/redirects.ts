/**
 * Rules of a credential test: an address that redirects is not the API's. Following would take the key to the other
 * address, so the test's request must have `disableFollowRedirect` as well.
 */
export const REDIRECTS_ARE_ERRORS = [301, 302, 303, 307, 308].map((value) => ({
	type: 'responseCode' as const,
	properties: {
		value,
		message:
			"The Base URL redirects to another address, to which the API key is not sent. Enter the API's own address.",
	},
}));
