import { inEditor } from '../editor/fixture';
import { opensInEditor } from './inEditor';

inEditor('2.41', opensInEditor);
