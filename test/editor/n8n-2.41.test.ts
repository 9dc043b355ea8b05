import { inEditor } from './fixture';
import { credentials } from './suites/credentials';
import { nodeCreator } from './suites/nodeCreator';
import { panels } from './suites/panels';
import { running } from './suites/running';
import { saved } from './suites/saved';
import { trigger } from './suites/trigger';

inEditor('2.41', (see) => {
	nodeCreator(see);
	panels(see);
	credentials(see, '2.41');
	running(see);
	saved(see);
	trigger(see);
});
