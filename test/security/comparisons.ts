import ts from 'typescript'

/** A comparison whose time may tell how much of a secret was right. */
export interface Comparison {
  readonly line: number
  readonly text: string
}

// What secrets, and what is made of them, are called.
const secretName =
  /(secret|token|signature|password|passwd|digest|hmac|credential|authorization|(?:api|signing|access|sdk|private|secret)_?key|sha1|sha256|hash|expected|proof)s?$/i
const comparers = [
  'includes',
  'indexOf',
  'lastIndexOf',
  'startsWith',
  'endsWith',
  'localeCompare',
  'has',
  'get',
  'delete',
  'equals',
  'compare',
  'is',
  'match',
  'search',
]
const equalities = [
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.LessThanToken,
  ts.SyntaxKind.GreaterThanToken,
]

/** Every comparison in a source whose time depends on a value that is called like a secret. */
export function comparisonsIn(source: string): Comparison[] {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true)
  const found: Comparison[] = []
  const visit = (node: ts.Node): void => {
    if (isLeaky(node)) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart())
      const text = (ts.isSwitchStatement(node) ? `switch (${node.expression.getText()})` : node.getText()).replace(/\s+/g, ' ')
      found.push({ line: line + 1, text })
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

function isLeaky(node: ts.Node): boolean {
  if (ts.isBinaryExpression(node) && equalities.includes(node.operatorToken.kind)) {
    const sides = [node.left, node.right]
    return sides.some(isSecret) && !sides.some(isConstant)
  }
  if (ts.isSwitchStatement(node)) return isSecret(node.expression)
  if (ts.isElementAccessExpression(node)) return isSecret(node.argumentExpression)
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false
  const { name, expression: receiver } = node.expression
  if (!comparers.includes(name.text)) return false
  // A name to look a secret up by is none itself.
  const given = node.arguments.filter((argument) => !isConstant(argument))
  return given.some(isSecret) || (isSecret(receiver) && given.length > 0)
}

/** What tells nothing of a secret: whether there is one, and of what type. */
function isConstant(node: ts.Expression): boolean {
  const bare = unwrapped(node)
  return (
    ts.isNumericLiteral(bare) ||
    ts.isStringLiteral(bare) ||
    ts.isRegularExpressionLiteral(bare) ||
    ts.isTypeOfExpression(bare) ||
    [ts.SyntaxKind.NullKeyword, ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword].includes(bare.kind) ||
    (ts.isIdentifier(bare) && bare.text === 'undefined')
  )
}

function isSecret(node: ts.Expression): boolean {
  const bare = unwrapped(node)
  if (ts.isIdentifier(bare)) return secretName.test(bare.text)
  if (ts.isPropertyAccessExpression(bare)) return bare.name.text !== 'length' && secretName.test(bare.name.text)
  if (ts.isElementAccessExpression(bare)) return isSecret(bare.expression) || namesSecret(bare.argumentExpression)
  if (ts.isCallExpression(bare)) {
    const { expression, arguments: given } = bare
    if (ts.isIdentifier(expression)) return secretName.test(expression.text.replace(/Hex$|Of$/, ''))
    // `headers.get('x-signature')`, `secret.toLowerCase()`, `createHmac(…).digest()`
    return (
      ts.isPropertyAccessExpression(expression) &&
      (given.some(namesSecret) || secretName.test(expression.name.text) || isSecret(expression.expression))
    )
  }
  if (ts.isTemplateExpression(bare)) return bare.templateSpans.some(({ expression }) => isSecret(expression))
  if (ts.isBinaryExpression(bare)) return isSecret(bare.left) || isSecret(bare.right)
  if (ts.isConditionalExpression(bare)) return isSecret(bare.whenTrue) || isSecret(bare.whenFalse)
  return false
}

function namesSecret(node: ts.Expression): boolean {
  return ts.isStringLiteral(node) && secretName.test(node.text)
}

function unwrapped(node: ts.Expression): ts.Expression {
  if (
    ts.isParenthesizedExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isAwaitExpression(node) ||
    ts.isSatisfiesExpression(node)
  )
    return unwrapped(node.expression)
  return node
}
