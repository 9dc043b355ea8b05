import FormDataPackage from 'form-data';

import { filesRefusal, samplePicture, startSimulator, type Simulator } from '.';
import { MAX_FILE_BYTES } from '../../tools/simulator/files';
import type { FilesBody } from '../../tools/simulator/serviceCalls';

const UPLOAD_PATH = '/api/v1/files/upload/stream';

describe('the files host of the simulator', () => {
	let simulator: Simulator;
	let png: Buffer;

	beforeEach(async () => {
		simulator = await startSimulator();
		png = await samplePicture('png');
	});

	afterEach(async () => await simulator.close());

	async function upload(
		body: FormData | Uint8Array | string,
		headers: Record<string, string> = {},
	) {
		const response = await fetch(`${simulator.filesUrl}${UPLOAD_PATH}`, {
			method: 'POST',
			headers: { authorization: `Bearer ${simulator.apiKey}`, ...headers },
			body,
		});
		return { status: response.status, body: (await response.json()) as FilesBody };
	}

	function form(fields: Record<string, string> = {}, type = 'image/png', bytes = png): FormData {
		const data = new FormData();
		data.append('file', new Blob([bytes], { type }), 'original.png');
		for (const [name, value] of Object.entries(fields)) data.append(name, value);
		return data;
	}

	it('stores an image and gives it to everybody', async () => {
		const { status, body } = await upload(form({ file_name: 'mine.png', upload_path: 'n8n' }));
		expect(status).toBe(200);
		expect(body).toMatchObject({
			success: true,
			code: 200,
			msg: 'File uploaded successfully',
			data: {
				file_name: 'mine.png',
				original_name: 'original.png',
				file_size: png.length,
				mime_type: 'image/png',
				upload_path: 'n8n',
				file_url: `${simulator.filesUrl}/n8n/mine.png`,
				upload_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/) as string,
			},
		});
		const lifetime = Date.parse(body.data.expires_at) - Date.parse(body.data.upload_time);
		expect(lifetime).toBe(72 * 3600 * 1000);
		for (const link of [body.data.file_url, body.data.download_url]) {
			const response = await fetch(link);
			expect(response.headers.get('content-type')).toBe('image/png');
			expect(Buffer.from(await response.arrayBuffer())).toEqual(png);
		}
	});

	it('takes both spellings of its fields', async () => {
		const { body } = await upload(form({ fileName: 'mine.png', uploadPath: 'a/b' }));
		expect(body.data.file_url).toBe(`${simulator.filesUrl}/a/b/mine.png`);
	});

	it('reads what form-data encodes, part by part like what FormData encodes', async () => {
		const reference = new FormDataPackage();
		reference.append('file', png, { filename: 'Bücher & 猫.png', contentType: 'image/png' });
		reference.append('file_name', 'Bücher-猫.png');
		await upload(new Uint8Array(reference.getBuffer()), reference.getHeaders());
		const own = new FormData();
		own.append('file', new Blob([png], { type: 'image/png' }), 'Bücher & 猫.png');
		own.append('file_name', 'Bücher-猫.png');
		const { body } = await upload(own);

		const [expected, actual] = simulator.requests.map(({ parts }) => parts);
		expect(actual).toEqual(expected);
		expect(actual).toMatchObject([
			{ name: 'file', fileName: 'Bücher & 猫.png', contentType: 'image/png' },
			{ name: 'file_name', data: Buffer.from('Bücher-猫.png') },
		]);
		expect((await fetch(body.data.file_url)).status).toBe(200);
	});

	it('overwrites a file of the same name, and counts it', async () => {
		const { body } = await upload(form());
		await upload(form({}, 'image/jpeg', await samplePicture('jpeg')));
		expect(simulator.overwrittenFiles).toBe(1);
		expect((await fetch(body.data.file_url)).headers.get('content-type')).toBe('image/jpeg');
	});

	it('lets files expire after 72 hours', async () => {
		const { body } = await upload(form());
		simulator.clockOffsetSeconds = 72 * 3600 + 1;
		expect((await fetch(body.data.file_url)).status).toBe(404);
	});

	it('refuses other types, by their bytes and by what they are declared', async () => {
		const tiff = await samplePicture('tiff');
		const refused = await Promise.all([
			upload(form({}, 'image/tiff', tiff)),
			upload(form({}, 'image/png', tiff)),
			upload(form({}, 'image/jpeg', png)),
			upload(form({}, 'application/octet-stream', png)),
			upload(form({}, 'image/png', Buffer.from('<html>'))),
		]);
		for (const { status, body } of refused) {
			expect(status).toBe(400);
			expect(body).toMatchObject({ success: false, code: 40002 });
		}
		expect(simulator.files.size).toBe(0);
	});

	it('refuses anything but one part named file', async () => {
		const two = form();
		two.append('file', new Blob([png], { type: 'image/png' }), 'b.png');
		const misnamed = new FormData();
		misnamed.append('image', new Blob([png], { type: 'image/png' }), 'a.png');
		const refused = await Promise.all([
			upload(two),
			upload(misnamed),
			upload(form({ file_name: 'a.png', fileName: 'b.png' })),
			upload(form({ folder: 'x' })),
			upload(form({ file_name: '../a.png' })),
			upload(form({}, 'image/png', Buffer.alloc(0))),
			upload('{}', { 'content-type': 'application/json' }),
			upload('no parts', { 'content-type': 'multipart/form-data; boundary=x' }),
		]);
		expect(refused.map(({ body }) => body.code)).toEqual(refused.map(() => 400));
	});

	it('refuses a missing or wrong key', async () => {
		const { status, body } = await upload(form(), { authorization: 'Bearer other' });
		expect([status, body.success, body.code]).toEqual([401, false, 401]);
	});

	it('refuses more than its limit, which is 100 MB', async () => {
		expect(MAX_FILE_BYTES).toBe(100 * 1024 * 1024);
		await simulator.close();
		simulator = await startSimulator({ maxFileBytes: png.length });
		expect((await upload(form())).status).toBe(200);
		const { status, body } = await upload(
			form({}, 'image/png', Buffer.concat([png, Buffer.alloc(1)])),
		);
		expect([status, body.code]).toEqual([413, 40001]);
	});

	it('speaks Chinese to those who ask for it', async () => {
		const { body } = await upload(form(), { 'accept-language': 'zh-CN' });
		expect(body.msg).toBe('文件上传成功');
	});

	it('refuses with status 200 by injection or by option', async () => {
		simulator.inject({ host: 'files', fault: filesRefusal(40003, 200) });
		const injected = await upload(form());
		expect([injected.status, injected.body.success, injected.body.code]).toEqual([
			200,
			false,
			40003,
		]);
		await simulator.close();
		simulator = await startSimulator({ filesRefuseWithStatus200: true });
		const { status, body } = await upload(form({}, 'image/tiff'));
		expect([status, body.success]).toEqual([200, false]);
	});
});
