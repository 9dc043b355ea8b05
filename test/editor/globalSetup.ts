import e2eSetup from '../e2e/globalSetup';
import { findChromium } from './browser';

/** As for the e2e tests, but nothing is installed for a browser that is not there. */
export default async function globalSetup(): Promise<void> {
	findChromium();
	await e2eSetup();
}
