// Type-aware rules for all of our TypeScript, beside n8n's own rules in eslint.config.mjs, which n8n wants untouched.
import tseslint from 'typescript-eslint';

export default tseslint.config(
	{ ignores: ['dist/', 'node_modules/', 'coverage/', '.demo/', '.dev/'] },
	{
		files: ['**/*.ts'],
		extends: [tseslint.configs.recommendedTypeChecked],
		linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' },
		languageOptions: {
			parserOptions: { project: './tsconfig.all.json', tsconfigRootDir: import.meta.dirname },
		},
		rules: {
			'@typescript-eslint/return-await': ['error', 'always'],
			'@typescript-eslint/switch-exhaustiveness-check': [
				'error',
				{ considerDefaultExhaustiveForUnions: true },
			],
			'@typescript-eslint/consistent-type-imports': 'error',
			'@typescript-eslint/require-await': 'off',
			eqeqeq: 'error',
		},
	},
	{
		files: ['nodes/**/*.ts'],
		ignores: ['nodes/Evolink/api/http/clock.ts'],
		rules: {
			'no-restricted-properties': [
				'error',
				{ object: 'Date', property: 'now', message: 'There is one clock: api/http/clock.ts.' },
			],
		},
	},
);
