import { inEditor } from '../editor/fixture';
import { opensInEditor } from './inEditor';

inEditor('1.123', opensInEditor);
