// The page: window.show(form) renders a form of integration_schema_form() as
// react-jsonschema-form does; what is filled in is in window.data.
import Form from '@rjsf/core';
import { customizeValidator } from '@rjsf/validator-ajv8';
import Ajv2020 from 'ajv/dist/2020';
import React from 'react';
import { createRoot } from 'react-dom/client';
import { flushSync } from 'react-dom';

const validator = customizeValidator({ AjvClass: Ajv2020 });
let root;

window.show = (form) => {
	if (root) root.unmount();
	root = createRoot(document.getElementById('root'));
	window.data = {};
	window.form = React.createRef();
	flushSync(() => root.render(
		<Form ref={window.form} schema={form.schema} uiSchema={form.ui} validator={validator}
			onChange={(e) => { window.data = e.formData; }} />));
};
window.valid = () => validator.validateFormData(window.form.current.state.formData, window.form.current.props.schema).errors.map((e) => e.stack);
