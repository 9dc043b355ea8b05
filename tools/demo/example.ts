import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ICredentialDataDecryptedObject } from 'n8n-workflow';
import type { N8n } from '../host/n8n';
import type { Workflow, WorkflowJson } from '../host/rest';
import type { Simulator } from '../simulator';

const exampleFile = resolve(__dirname, '..', '..', 'examples', 'edit-image.json');

/** Puts the example and its credential into n8n; those of an earlier demo are brought up to date. */
export async function importExample(
	n8n: N8n,
	simulator: Simulator,
	liveKey?: string,
): Promise<Workflow> {
	const example = JSON.parse(readFileSync(exampleFile, 'utf8')) as WorkflowJson;
	// The image is fetched by n8n on this computer and uploaded, so this link works for EvoLink itself too.
	const image = `${simulator.picturesUrl}/cat.png`;
	const text = JSON.stringify(example).replace('https://example.com/image.png', image);
	const workflow = JSON.parse(text) as WorkflowJson;

	const credential = await saveCredential(n8n, {
		apiKey: liveKey ?? simulator.apiKey,
		baseUrl: liveKey ? 'https://api.evolink.ai' : simulator.apiUrl,
		filesBaseUrl: liveKey ? 'https://files-api.evolink.ai' : simulator.filesUrl,
	});
	for (const node of workflow.nodes) {
		if (node.credentials?.evolinkApi) node.credentials.evolinkApi = credential;
	}
	const earlier = (await n8n.listWorkflows()).find(({ name }) => name === workflow.name);
	return earlier
		? await n8n.updateWorkflow(earlier.id, workflow)
		: await n8n.createWorkflow(workflow);
}

async function saveCredential(
	n8n: N8n,
	data: ICredentialDataDecryptedObject,
): Promise<{ id: string; name: string }> {
	const type = 'evolinkApi';
	const earlier = (await n8n.listCredentials()).find((credential) => credential.type === type);
	const { id, name } = earlier
		? await n8n.updateCredential(earlier, data)
		: await n8n.createCredential('EvoLink account', type, data);
	return { id, name };
}
