/** Makes docs/images in n8n's editor: `npm run docs:screenshots`. */
module.exports = {
	...require('./jest.editor.config.js'),
	testMatch: ['**/test/screenshots/*.test.ts'],
};
