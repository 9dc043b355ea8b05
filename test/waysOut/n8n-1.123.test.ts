import { onRealN8n } from '../e2e/fixture';
import { waysOut } from './suites';

onRealN8n('1.123', (fixture) => waysOut(fixture));
