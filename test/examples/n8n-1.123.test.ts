import { onRealN8n } from '../e2e/fixture';
import { examples } from './suites';

onRealN8n('1.123', (fixture) => examples(fixture));
