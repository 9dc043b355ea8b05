import { sent } from '../workflows/harness';
import { Field, go, node, to } from './lab';

const field = new Field();

// n8n#14807
it('Max Credits holds over all rounds of a loop', async () => {
	const nodes = [
		node('Start', 'passOn'),
		node('Loop', 'fiveRounds'),
		field.evolink({ options: { maxCredits: 2 } }),
		node('After', 'passOn'),
	];
	const connections = {
		Start: { main: [[to('Loop')]] },
		Loop: { main: [[to('EvoLink')], [to('After')]] },
		EvoLink: { main: [[to('Loop')]] },
	};
	await go(field.simulator, nodes, connections, [{ json: {} }]);
	expect(sent(field.simulator).creates.length).toBeLessThanOrEqual(2);
});
