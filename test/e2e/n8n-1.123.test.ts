import { onRealN8n } from './fixture';
import { agent } from './suites/agent';
import { callback } from './suites/callback';
import { editing } from './suites/editing';
import { faults } from './suites/faults';
import { money } from './suites/money';
import { refusals } from './suites/refusals';
import { trigger } from './suites/trigger';

onRealN8n('1.123', (fixture) => {
	editing(fixture);
	refusals(fixture);
	money(fixture);
	faults(fixture);
	agent(fixture);
	callback(fixture, '1.123');
	trigger(fixture, '1.123');
});
