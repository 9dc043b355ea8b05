import type { ErrorStyle } from './errors';
import type { GatewayDialect } from './gatewayDialects';
import type { ModelLimits } from './models';
import type { Delivery } from './callbacks';
import type { RecordedRequest } from './journal';

/** A key that opens the simulator and nothing else. */
export const SIMULATOR_KEY = 'sk-evo-simulator-0123456789abcdef';

/** A key that opens the simulated images gateway and nothing else. */
export const GATEWAY_KEY = 'sk-gateway-simulator-fedcba9876543210';

export interface SimulatorOptions {
	/** The one key that is accepted. Default: `SIMULATOR_KEY`. */
	apiKey?: string;
	/** Port of the API host; files, results, pictures and gateway follow on +1 to +4. Default 0: free ports. */
	port?: number;
	/** Seconds from creation to the end of a task. Default 1. */
	taskSeconds?: number;
	/** Seconds for which a completed task has no images yet. Default 0: the documents do not know that. */
	imagesAfterSeconds?: number;
	/** Whether creates and reads of tasks are answered as `{code: 200, msg, data: {…}}`. Default false. */
	wrapAnswers?: boolean;
	/**
	 * Whether tasks tell their `billing`, `usage.credits_used` and, complete, their `duration`, as the vendor's newest
	 * client reads them. Default false: the documents do not know that.
	 */
	billing?: boolean;
	/**
	 * Whether prices are told: `GET /v1/catalog/models/{id}/pricing-rules` (without a key) and
	 * `POST /v1/agent-estimates`. Default false: the documents do not know them.
	 */
	quotes?: boolean;
	/**
	 * Whether each create is a task of its own, whatever its Idempotency-Key: as a white label or a proxy may have it that
	 * drops the header. Default false.
	 */
	ignoresKeys?: boolean;
	/** Credits on the account at the start. Default 1000. */
	credits?: number;
	/** Whether `POST /v1/tasks/batch` is there; otherwise it is an unknown address. Default true. */
	batchQuery?: boolean;
	/** Requests that the API host answers within any second; further ones get 429. Default: no limit. */
	requestsPerSecond?: number;
	/** Tasks that the account may have unfinished; a further create gets 429 without Retry-After. Default: no limit. */
	tasksAtATime?: number;
	/** Which generation of error bodies the API host answers with. Default 'B'. */
	errorStyle?: ErrorStyle;
	/** How the images gateway wants to be asked. Default 'generations'. */
	gatewayDialect?: GatewayDialect;
	/** Language of `msg` on the files host. Default: as the request's Accept-Language says. */
	language?: 'en' | 'zh';
	/** Whether the files host refuses with HTTP 200 and `success: false`. Default false. */
	filesRefuseWithStatus200?: boolean;
	/** Whether files can be deleted: `DELETE /api/v1/files/{file_id}`. Default true. */
	fileDeletion?: boolean;
	/** The largest file that the files host takes. Default 100 MB, as the service. */
	maxFileBytes?: number;
	/** Where a public callback host is really reached; '*' stands for every other host. */
	callbackHosts?: Record<string, string>;
	/** Waits in seconds before each repeated callback. Default 1, 2, 4. */
	callbackRetrySeconds?: number[];
	/** Seconds after which an unanswered callback counts as failed. Default 10. */
	callbackTimeoutSeconds?: number;
	/** Models beside (or instead of) those of the catalogue, by id. */
	models?: Record<string, ModelLimits>;
	/** Keep request bodies in `requests`. Default true; off for a simulator that runs for days. */
	keepBodies?: boolean;
	/** Called once a request has been answered, dropped or left hanging. */
	onRequest?: (request: RecordedRequest) => void;
	/** Called after each attempt to deliver a callback. */
	onCallback?: (delivery: Delivery) => void;
}
