/** A file to upload: a `File` keeps its name, another `Blob` is called `messages.xlsx`. */
export type TwinFile = Blob

/** A multipart body with each file as a part `messages`, as TWIN wants them. */
export function filesForm(files: TwinFile | readonly TwinFile[]): FormData {
  const form = new FormData()
  for (const file of Array.isArray(files) ? files : [files]) {
    form.append('messages', file, 'name' in file && typeof file.name === 'string' ? file.name : 'messages.xlsx')
  }
  return form
}
