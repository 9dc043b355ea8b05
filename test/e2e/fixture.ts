import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
	IConnections,
	INode,
	INodeExecutionData,
	INodeParameters,
	ITaskData,
	IWorkflowSettings,
} from 'n8n-workflow';
import type { HostVersion } from '../../tools/host/install';
import { type N8n, startN8n } from '../../tools/host/n8n';
import { type Credential, type Execution, outputItems } from '../../tools/host/rest';
import { type SketchedNode, chain } from '../../tools/host/sketch';
import { type Simulator, startSimulator } from '../simulator';

export { type SketchedNode as TestNode, chain, download, items, to } from '../../tools/host/sketch';

/** The name under which the service calls n8n, as through a reverse proxy. */
export const PUBLIC_HOST = 'n8n.example.com';

/** A real n8n with this package and a simulator that it talks to. */
export class Fixture {
	constructor(
		readonly n8n: N8n,
		readonly simulator: Simulator,
		readonly credential: Credential,
	) {}

	/** The EvoLink node with the credential. */
	evolink(parameters: INodeParameters, settings: Partial<INode> = {}): SketchedNode {
		const { id, name } = this.credential;
		return {
			name: 'EvoLink',
			type: 'n8n-nodes-evolink.evolink',
			parameters,
			credentials: { evolinkApi: { id, name } },
			...settings,
		};
	}

	/** Edit Image with one linked image. */
	editImage(parameters: INodeParameters = {}, settings: Partial<INode> = {}): SketchedNode {
		return this.evolink(
			{
				operation: 'editImage',
				prompt: 'Replace the background with a beach',
				images: { image: [{ source: 'url', url: `${this.simulator.picturesUrl}/cat.png` }] },
				...parameters,
			},
			settings,
		);
	}

	/** Another simulator, which tells prices, to be closed; and the credential for it. */
	async quotingService(): Promise<{ quoting: Simulator } & Pick<INode, 'credentials'>> {
		const quoting = await startSimulator({ quotes: true });
		const { id, name } = await this.n8n.createCredential('Quotes', 'evolinkApi', {
			apiKey: quoting.apiKey,
			baseUrl: quoting.apiUrl,
			filesBaseUrl: quoting.filesUrl,
		});
		return { quoting, credentials: { evolinkApi: { id, name } } };
	}

	/** Stores a workflow: a manual trigger and the nodes one after another, unless connected otherwise. */
	async store(
		nodes: SketchedNode[],
		connections?: IConnections,
		settings: IWorkflowSettings = {},
	): Promise<string> {
		const trigger = { name: 'Start', type: 'n8n-nodes-base.manualTrigger' };
		const all = [trigger, ...nodes].map((node, position) => ({
			id: `node-${position}`,
			typeVersion: 1,
			position: [position * 220, 0] as [number, number],
			parameters: {},
			...node,
		}));
		const { id } = await this.n8n.createWorkflow({
			name: expect.getState().currentTestName ?? 'Test',
			nodes: all,
			connections: connections ?? chain(all.map(({ name }) => name)),
			settings: { executionOrder: 'v1', ...settings },
		});
		return id;
	}

	/** Runs a workflow of these nodes to its end, whatever that is. */
	async run(
		nodes: SketchedNode[],
		connections?: IConnections,
		settings?: IWorkflowSettings,
	): Promise<Execution> {
		const id = await this.store(nodes, connections, settings);
		return await this.n8n.waitForExecution(await this.n8n.runWorkflow(id), { timeoutMs: 90_000 });
	}

	/** The bytes of a binary field of an item. */
	async picture(item: INodeExecutionData, field = 'data'): Promise<Buffer> {
		const binary = item.binary?.[field];
		if (!binary) throw new Error(`The item has no binary field ${field}: ${JSON.stringify(item)}`);
		return await this.n8n.binaryData(binary);
	}

	/** What n8n wrote into its log. */
	get log(): string {
		return readFileSync(this.n8n.logFile, 'utf8');
	}
}

/** The last run of the EvoLink node. */
export function lastRun(execution: Execution): ITaskData {
	const run = execution.data.resultData.runData.EvoLink?.at(-1);
	if (!run) throw new Error(`EvoLink did not run in execution ${execution.id}`);
	return run;
}

/** What the EvoLink node handed on. */
export function edited(execution: Execution, outputIndex = 0): INodeExecutionData[] {
	return outputItems(execution, 'EvoLink', 0, outputIndex);
}

/** What a person reads in a failed node: message and description. */
export function errorText(execution: Execution): string {
	const { error } = lastRun(execution);
	if (!error) throw new Error(`EvoLink did not fail in execution ${execution.id}`);
	return `${error.message}\n${String((error as { description?: string }).description ?? '')}`;
}

/**
 * Boots one n8n for all these tests, with a fresh simulator for each.
 *
 * @param env settings of n8n, where it should not be as it comes
 */
export function onRealN8n(
	version: HostVersion,
	tests: (fixture: () => Fixture) => void,
	env: Record<string, string> = {},
): void {
	describe(`n8n ${version}`, () => {
		let n8n: N8n;
		let credential: Credential;
		let simulator: Simulator;
		const userFolder = mkdtempSync(join(tmpdir(), `n8n-${version}-`));

		beforeAll(async () => {
			n8n = await startN8n({
				version,
				userFolder,
				packageTarball: process.env.PACKAGE_TARBALL,
				env: { WEBHOOK_URL: `https://${PUBLIC_HOST}/`, ...env },
			});
			await n8n.setUpOwner();
			credential = await n8n.createCredential('EvoLink', 'evolinkApi', { apiKey: 'not set yet' });
		}, 600_000);

		beforeEach(async () => {
			simulator = await startSimulator({
				taskSeconds: 1,
				callbackHosts: { [PUBLIC_HOST]: n8n.baseUrl },
				callbackTimeoutSeconds: 60, // A machine that is busy with other work is no n8n that is down.
			});
			credential = await n8n.updateCredential(credential, {
				apiKey: simulator.apiKey,
				baseUrl: simulator.apiUrl,
				filesBaseUrl: simulator.filesUrl,
			});
		});

		afterEach(async () => await simulator.close());

		afterAll(async () => {
			await n8n.stop();
			rmSync(userFolder, { recursive: true, force: true });
		});

		tests(() => new Fixture(n8n, simulator, credential));
	});
}
