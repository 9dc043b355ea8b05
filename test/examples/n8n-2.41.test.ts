import { onRealN8n } from '../e2e/fixture';
import { examples } from './suites';

onRealN8n('2.41', (fixture) => examples(fixture));
