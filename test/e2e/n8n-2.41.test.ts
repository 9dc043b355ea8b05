import { onRealN8n } from './fixture';
import { agent } from './suites/agent';
import { callback } from './suites/callback';
import { credentials } from './suites/credentials';
import { doors } from './suites/doors';
import { edges } from './suites/edges';
import { editing } from './suites/editing';
import { faults, privateNetworks } from './suites/faults';
import { gateway } from './suites/gateway';
import { history } from './suites/history';
import { inputImages } from './suites/inputImages';
import { largeImages } from './suites/largeImages';
import { manyItems } from './suites/manyItems';
import { models } from './suites/models';
import { money } from './suites/money';
import { oddImages } from './suites/oddImages';
import { refusals } from './suites/refusals';
import { service } from './suites/service';
import { trigger } from './suites/trigger';

onRealN8n('2.41', (fixture) => {
	editing(fixture);
	refusals(fixture);
	edges(fixture);
	models(fixture);
	money(fixture);
	service(fixture);
	manyItems(fixture);
	faults(fixture);
	describe('Large images', () => largeImages(fixture));
	describe('Odd images', () => oddImages(fixture));
	describe('Input images', () => inputImages(fixture));
	agent(fixture);
	history(fixture);
	gateway(fixture);
	doors(fixture);
	callback(fixture, '2.41');
	trigger(fixture, '2.41');
	credentials(fixture, '2.41');
});

onRealN8n(
	'2.41',
	(fixture) => describe('with protection of private networks', () => privateNetworks(fixture)),
	{ N8N_SSRF_PROTECTION_ENABLED: 'true' },
);
