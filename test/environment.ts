import type { Circus } from '@jest/types';
import { TestEnvironment } from 'jest-environment-node';

/** A test whose work can begin before its turn. */
export interface StartsAhead {
	startAhead(): void;
}

/** As soon as the tests of a file are known, starts those that {@link StartsAhead}, and of them only those that will run. */
export default class Environment extends TestEnvironment {
	handleTestEvent(event: Circus.Event, state: Circus.State): void {
		if (event.name !== 'run_start') return;
		for (const { fn } of testsThatRun(state.rootDescribeBlock, state)) {
			if ('startAhead' in fn) (fn as StartsAhead).startAhead();
		}
	}
}

function testsThatRun(
	block: Circus.DescribeBlock,
	state: Circus.State,
	path: string[] = [],
): Circus.TestEntry[] {
	if (block.mode === 'skip') return [];
	return block.children.flatMap((child) => {
		const names = [...path, child.name];
		if (child.type === 'describeBlock') return testsThatRun(child, state, names);
		const isLeftOut =
			child.mode === 'skip' ||
			(state.hasFocusedTests && child.mode !== 'only') ||
			(state.testNamePattern && !state.testNamePattern.test(names.join(' ')));
		return isLeftOut ? [] : [child];
	});
}
