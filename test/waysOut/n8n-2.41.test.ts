import { onRealN8n } from '../e2e/fixture';
import { waysOut } from './suites';

onRealN8n('2.41', (fixture) => waysOut(fixture));
