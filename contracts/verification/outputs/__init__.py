"""What others read: JUnit for CI servers, SARIF for code hosts, annotations, Markdown, JSON. One module a format."""
