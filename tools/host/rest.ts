/**
 * n8n's REST interface as the editor uses it, for n8n 1.123 and 2.41 alike.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'flatted';
import type {
	ExecutionStatus,
	IBinaryData,
	ICredentialDataDecryptedObject,
	IConnections,
	INode,
	INodeExecutionData,
	INodeTypeDescription,
	IRunExecutionData,
	IWorkflowSettings,
	WorkflowExecuteMode,
} from 'n8n-workflow';

/** Whom {@link RestClient.setUpOwner} makes the owner; fixed, so that it can be printed for a person. */
export const owner = {
	email: 'owner@example.com',
	password: 'Evolink-demo-1',
	firstName: 'Demo',
	lastName: 'Owner',
} as const;

/** What n8n's "Download workflow" saves, as far as it takes part in running it. */
export interface WorkflowJson {
	name: string;
	nodes: INode[];
	connections: IConnections;
	settings?: IWorkflowSettings;
}

/** A workflow as n8n stores it. */
export interface Workflow extends WorkflowJson {
	id: string;
	active: boolean;
	versionId: string;
}

export interface Credential {
	id: string;
	name: string;
	/** The credential type's name, such as `evolinkApi`. */
	type: string;
}

/** What the editor shows under a credential after "Test". */
export interface CredentialTestResult {
	status: 'OK' | 'Error';
	message: string;
}

/** One line of n8n's list of executions. */
export interface ExecutionSummary {
	id: string;
	workflowId: string;
	mode: WorkflowExecuteMode;
	status: ExecutionStatus;
	/** ISO 8601, as the other times; null while it is queued. */
	startedAt: string | null;
	stoppedAt?: string | null;
	/** When n8n will go on by itself, while the status is `waiting`. */
	waitTill?: string | null;
	/** The id of the execution that this one repeats. */
	retryOf?: string | null;
}

export interface Execution extends ExecutionSummary {
	data: IRunExecutionData;
}

/** n8n answered with an error status. */
export class RestError extends Error {
	constructor(
		request: string,
		readonly status: number,
		/** The body as it came. */
		readonly body: string,
	) {
		super(`n8n answered ${request} with ${status}: ${body.slice(0, 1000)}`);
		this.name = 'RestError';
	}
}

/** How much later than its status the data of an execution may come; that of a crashed one never comes. */
const DATA_WITHIN_MS = 15_000;

/** So long n8n may be kept busy by its own workflows. */
const NOT_READY_MS = 60_000;

const endStatuses: readonly ExecutionStatus[] = ['success', 'error', 'crashed', 'canceled'];

export class RestClient {
	private cookie = '';

	/** @param baseUrl such as `http://127.0.0.1:5678`, without a slash at its end. */
	constructor(readonly baseUrl: string) {}

	/** Makes {@link owner} the owner of an empty n8n, or signs in as the owner that is there. */
	async setUpOwner(): Promise<void> {
		const { userManagement } = await this.request<{
			userManagement: { showSetupOnFirstLoad: boolean };
		}>('GET', '/rest/settings');
		if (userManagement.showSetupOnFirstLoad) {
			await this.request('POST', '/rest/owner/setup', owner);
		} else {
			const { email, password } = owner;
			await this.request('POST', '/rest/login', { emailOrLdapLoginId: email, password });
		}
	}

	/** All node types that n8n knows; this package's are named `n8n-nodes-evolink.evolink` and so on. */
	async nodeTypes(): Promise<INodeTypeDescription[]> {
		const response = await this.send('GET', '/types/nodes.json');
		return (await response.json()) as INodeTypeDescription[];
	}

	async createCredential(
		name: string,
		type: string,
		data: ICredentialDataDecryptedObject,
	): Promise<Credential> {
		return await this.request('POST', '/rest/credentials', { name, type, data });
	}

	/** Replaces what is stored in a credential. */
	async updateCredential(
		{ id, name, type }: Credential,
		data: ICredentialDataDecryptedObject,
	): Promise<Credential> {
		return await this.request('PATCH', `/rest/credentials/${id}`, { name, type, data });
	}

	async listCredentials(): Promise<Credential[]> {
		return await this.request('GET', '/rest/credentials');
	}

	/**
	 * Runs the test of a credential type, as the editor does when a credential is saved.
	 * `data` is what gets tested; the stored credential only says who may.
	 */
	async testCredential(
		{ id, name, type }: Credential,
		data: ICredentialDataDecryptedObject,
	): Promise<CredentialTestResult> {
		return await this.request('POST', '/rest/credentials/test', {
			credentials: { id, name, type, data },
		});
	}

	async createWorkflow(workflow: WorkflowJson): Promise<Workflow> {
		return await this.request('POST', '/rest/workflows', {
			settings: {},
			...workflow,
			active: false,
		});
	}

	async getWorkflow(id: string): Promise<Workflow> {
		return await this.request('GET', `/rest/workflows/${id}`);
	}

	/** Saves a changed workflow. @returns it with its new version. */
	async updateWorkflow(id: string, changes: Partial<WorkflowJson>): Promise<Workflow> {
		const { versionId } = await this.getWorkflow(id);
		return await this.request('PATCH', `/rest/workflows/${id}`, { ...changes, versionId });
	}

	/** Without the nodes: n8n's list leaves them out. */
	async listWorkflows(): Promise<Array<Pick<Workflow, 'id' | 'name' | 'active'>>> {
		return await this.request('GET', '/rest/workflows');
	}

	/** Turns a workflow on. n8n does so in the background: its webhooks may take a second. */
	async activate({ id }: Pick<Workflow, 'id'>): Promise<void> {
		await this.setActive(id, true);
	}

	/** Turns a workflow off, with the same delay: on 2.41 a webhook may still answer just after. */
	async deactivate({ id }: Pick<Workflow, 'id'>): Promise<void> {
		await this.setActive(id, false);
	}

	/**
	 * Runs the stored workflow as the editor's "Execute workflow" does.
	 *
	 * @param options.triggerNode the trigger node's name; may be left out when only one node's
	 * type ends with "Trigger".
	 * @returns the execution's id; the run goes on, see {@link waitForExecution}.
	 * @throws Error when the trigger waits for a call instead (a webhook without pinned data).
	 */
	async runWorkflow(id: string, options: { triggerNode?: string } = {}): Promise<string> {
		const workflowData = await this.getWorkflow(id);
		const name = options.triggerNode ?? onlyTrigger(workflowData);
		// 2.41 takes the workflow from its database, 1.123 from here.
		const { executionId } = await this.request<{ executionId?: string }>(
			'POST',
			`/rest/workflows/${id}/run`,
			{ workflowData, triggerToStartFrom: { name } },
		);
		if (!executionId) throw new Error(`The trigger "${name}" waits to be called.`);
		return executionId;
	}

	/** @throws RestError with status 404 when there is no such execution. */
	async getExecution(id: string): Promise<Execution> {
		const { data, ...summary } = await this.request<ExecutionSummary & { data: string }>(
			'GET',
			`/rest/executions/${id}`,
		);
		return { ...summary, data: decode(data) };
	}

	/**
	 * Waits until an execution has ended, or has one of the statuses in `until`
	 * (`['waiting']` for one that parks itself).
	 *
	 * @throws Error when it ended in another status than those, or not within `timeoutMs`
	 * milliseconds (60,000 when left out).
	 */
	async waitForExecution(
		id: string,
		options: { timeoutMs?: number; until?: readonly ExecutionStatus[] } = {},
	): Promise<Execution> {
		const { timeoutMs = 60_000, until = endStatuses } = options;
		const deadline = Date.now() + timeoutMs;
		for (;;) {
			let execution = await this.getExecution(id);
			// n8n writes the status first and the data a moment later, in a row of its own.
			const dataBy = Math.min(deadline, Date.now() + DATA_WITHIN_MS);
			while (isWithoutData(execution) && Date.now() < dataBy) {
				await sleep(100);
				execution = await this.getExecution(id);
			}
			if (until.includes(execution.status)) return execution;
			const ended = endStatuses.includes(execution.status);
			if (ended || Date.now() >= deadline) {
				throw new Error(
					`Execution ${id} ${ended ? 'ended as' : `is, after ${timeoutMs} ms, still`} ` +
						`"${execution.status}", not ${until.join(', ')}.${explain(execution)}`,
				);
			}
			await sleep(250);
		}
	}

	/** Newest first, 50 at most. */
	async listExecutions(options: { workflowId?: string } = {}): Promise<ExecutionSummary[]> {
		const filter = encodeURIComponent(JSON.stringify(options));
		const { results } = await this.request<{ results: ExecutionSummary[] }>(
			'GET',
			`/rest/executions?limit=50&filter=${filter}`,
		);
		return results;
	}

	async stopExecution(id: string): Promise<void> {
		await this.request('POST', `/rest/executions/${id}/stop`);
	}

	/**
	 * Repeats a failed execution from the node that failed. Resolves when the repetition is over.
	 *
	 * @param options.loadWorkflow true: with the workflow as it is now, false: as it was then.
	 * @returns the id of the new execution.
	 */
	async retryExecution(id: string, options: { loadWorkflow: boolean }): Promise<string> {
		const retried = await this.request<{ id: string }>(
			'POST',
			`/rest/executions/${id}/retry`,
			options,
		);
		return retried.id;
	}

	/** The bytes of a binary field, wherever this n8n keeps them. */
	async binaryData(binary: IBinaryData): Promise<Buffer> {
		if (!binary.id) return Buffer.from(binary.data, 'base64');
		const query = `id=${encodeURIComponent(binary.id)}&action=download`;
		const response = await this.send('GET', `/rest/binary-data?${query}`);
		return Buffer.from(await response.arrayBuffer());
	}

	/** Any other request; gives the `data` of n8n's answer. @throws RestError */
	async request<T = unknown>(method: string, path: string, body?: object): Promise<T> {
		const response = await this.send(method, path, body);
		return ((await response.json()) as { data: T }).data;
	}

	/** What n8n says at an address where it answers JSON. @throws RestError, or Error for an answer that is none */
	async answers(path: string): Promise<unknown> {
		return await (await this.send('GET', path)).json();
	}

	private async setActive(id: string, active: boolean): Promise<void> {
		const { versionId } = await this.getWorkflow(id);
		try {
			const action = active ? 'activate' : 'deactivate';
			await this.request('POST', `/rest/workflows/${id}/${action}`, { versionId });
		} catch (error) {
			// 1.123 has no such address.
			if (!(error instanceof RestError) || error.status !== 404) throw error;
			await this.request('PATCH', `/rest/workflows/${id}`, { active, versionId });
		}
	}

	/** n8n refuses all requests, before it looks at them, while its thread was too busy to see its database. */
	private async send(method: string, path: string, body?: object): Promise<Response> {
		for (const deadline = Date.now() + NOT_READY_MS; ; await sleep(500)) {
			try {
				return await this.sendOnce(method, path, body);
			} catch (error) {
				const isNotReady =
					error instanceof RestError && error.status === 503 && /database/i.test(error.body);
				if (!isNotReady || Date.now() > deadline) throw error;
			}
		}
	}

	private async sendOnce(method: string, path: string, body?: object): Promise<Response> {
		const response = await fetch(this.baseUrl + path, {
			method,
			headers: {
				// Any constant: n8n ties the session to it.
				'browser-id': 'n8n-nodes-evolink',
				// n8n ends an idle connection after 5 s; on a busy machine a request may just then be under way.
				connection: 'close',
				...(this.cookie && { cookie: this.cookie }),
				...(body && { 'content-type': 'application/json' }),
			},
			body: body && JSON.stringify(body),
		});
		const session = response.headers.getSetCookie().find((line) => line.startsWith('n8n-auth='));
		if (session) this.cookie = session.split(';')[0];
		if (!response.ok) {
			throw new RestError(`${method} ${path}`, response.status, await response.text());
		}
		return response;
	}
}

/**
 * The items that a node put out.
 *
 * @throws Error when the node did not run (so often), with the reason why the execution failed.
 */
export function outputItems(
	execution: Execution,
	nodeName: string,
	runIndex = 0,
	outputIndex = 0,
): INodeExecutionData[] {
	const run = execution.data.resultData.runData[nodeName]?.[runIndex];
	if (!run?.data) {
		throw new Error(
			`Node "${nodeName}" gave no output in run ${runIndex} of execution ${execution.id} ` +
				`(${execution.status}).${explain(execution)}`,
		);
	}
	return run.data.main?.[outputIndex] ?? [];
}

/** An execution that has only just begun has no data yet. */
function decode(data: string): IRunExecutionData {
	const decoded = parse(data || '[{}]') as Partial<IRunExecutionData> | undefined;
	return { ...decoded, resultData: { runData: {}, ...decoded?.resultData } } as IRunExecutionData;
}

/** Its data is from before it ended: nothing has run, it is parked, or it was woken and has its nodes still to run. */
function isWithoutData({ status, data }: Execution): boolean {
	const { error, lastNodeExecuted } = data.resultData;
	const toRun = data.executionData?.nodeExecutionStack ?? [];
	const isOld =
		lastNodeExecuted === undefined ||
		data.waitTill !== undefined ||
		(status === 'success' && toRun.length > 0) ||
		(status === 'error' && !error);
	return endStatuses.includes(status) && isOld;
}

function explain({ data }: Execution): string {
	const { error, lastNodeExecuted } = data.resultData;
	return error ? ` ${lastNodeExecuted ?? 'n8n'}: ${error.message}` : '';
}

function onlyTrigger({ name, nodes }: Workflow): string {
	const triggers = nodes.filter(({ type }) => /trigger$/i.test(type));
	if (triggers.length !== 1) {
		const found = triggers.map((node) => `"${node.name}"`).join(', ') || 'none';
		throw new Error(`Name the trigger to start "${name}" from; it has ${found}.`);
	}
	return triggers[0].name;
}
