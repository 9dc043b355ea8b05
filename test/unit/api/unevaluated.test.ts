import { isUnevaluated, problemOfText } from '../../../nodes/Evolink/api/errors/unevaluated';

describe('A text that n8n should have evaluated', () => {
	it.each([
		'{{ $json.prompt }}',
		'={{ $json.prompt }}',
		'Put {{ $json.product }} on a beach',
		'Put {{$json["product name"]}} on a beach',
		"A cat, {{ $('Form').item.json.style }}",
		'{{ $("Form").first().json.style }}',
		'{{ $node["Form"].json.style }}',
		'{{ $input.item.json.a }} and {{ $json.b }}',
		'{{ DateTime.now().toISO() }}',
		"{{ 'beach'.toUpperCase() }}",
		'{{ $if($json.a, "x", "y") }}',
		'{{ Object.keys({ a: $json.x }) }}',
		"{{ $fromAI('prompt', 'what to change') }}",
		'={{ prompt }}',
		'{{ prompt }}',
		'{{ json.prompt }}',
		'A {{ item["style"] }} cat',
		'{{{ $json.prompt }}}',
		'{ $json.prompt }',
		'{$json.prompt}',
		'${$json.prompt}',
		'{{ $json.prompt }',
		'{{ $json.prompt',
		'Line\n{{\n$json.prompt\n}}\nline',
		'$json.prompt',
		'=$json.prompt',
		"$('My Form').item.json.prompt",
		'$json["my prompt"]',
		'$input.first().json.text',
		`${'Long. '.repeat(2_000)}{{ $json.prompt }}`,
	])('%s is told as such', (text) => {
		expect(problemOfText('Prompt', text)).toEqual({
			message: expect.stringMatching(
				/^'Prompt' contains the expression '.+', which n8n didn't evaluate$/s,
			) as string,
			advice: expect.stringMatching(/^Switch the field 'Prompt' .* to 'Expression'/) as string,
		});
		expect(isUnevaluated(text)).toBe(true);
	});

	it.each([
		'[object Object]',
		'Put [object Object] on a beach',
		'x [object Promise]',
		'[Object: {"a":1}]',
		'A [Array: ["a"]] cat',
	])('%s is what an object became', (text) => {
		expect(problemOfText('Prompt', text)?.message).toMatch(
			/'Prompt' contains '\[(object|Array|Object).+': an expression returned an object/,
		);
	});

	it.each([
		'undefined',
		'null',
		'NaN',
		'"undefined"',
		'undefined undefined',
		'null, null.',
		'Invalid DateTime',
		'{}',
		'[]',
		'""',
		'{ }',
		'#N/A',
		'#REF!',
	])('%s says nothing', (text) => {
		const problem = problemOfText('Prompt', text);
		expect(problem?.message).toMatch(/^'Prompt' is '.+', as if a value were missing$/);
		expect(problem?.hintOnly).toBeUndefined();
	});

	it.each(['Write "{{name}}" on the sign', 'A poster that says {{ hello world }}', 'Show $json.x'])(
		'%s may be meant so: a hint',
		(text) => {
			expect(problemOfText('Prompt', text)).toMatchObject({ hintOnly: true });
		},
	);

	it.each([
		'Write {hello} on the sign',
		'Write "{ }" on the sign',
		'{"style": "photo", "subject": {"name": "cat", "props": {"a": [1, 2]}}}',
		'[{"edit": "remove the background"}]',
		'A price tag of $5, and one of $(5)',
		'Make it look like ${money}',
		'A null pointer joke on an undefined background',
		'Nullify the colours',
		'A shop called Object, [object] on the left',
		'CSS: body { color: red }',
		'LaTeX {{a}_b}',
		'$now is the time to buy',
		'=)',
		'把背景换成海滩',
		'🏖️',
		'',
	])('%s is a text like any other', (text) => {
		expect(problemOfText('Prompt', text)).toBeUndefined();
	});

	it('quotes no more of a text than it must', () => {
		const text = `secret {{ $json.${'a'.repeat(200)} }} secret`;
		const { message = '' } = problemOfText('Prompt', text) ?? {};
		expect(message.length).toBeLessThan(160);
		expect(message).not.toContain('secret');
	});

	it.each(['{{', '{{a(', '$json ', '{$json', '{{ $json.a ', '=', '[object '])(
		'100,000 characters of %s are looked through at once',
		(piece) => {
			const text = piece.repeat(100_000 / piece.length);
			const startedAt = process.cpuUsage();
			problemOfText('Prompt', text);
			isUnevaluated(text);
			const { user } = process.cpuUsage(startedAt);
			expect(user).toBeLessThan(2_000_000);
		},
	);
});
