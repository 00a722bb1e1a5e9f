namespace Fleet.Cli.Printing;

/// <summary>The values of <c>-o</c>.</summary>
public enum OutputFormat
{
    /// <summary>Columns for people, fitted to the terminal. The default on a terminal.</summary>
    Table,

    /// <summary>As <see cref="Table"/>, with all columns, exact instants, and nothing cut.</summary>
    Wide,

    /// <summary>Tab-separated values without a header. The default when the output is piped.</summary>
    Tsv,

    /// <summary>One JSON document: an array for a list.</summary>
    Json,

    /// <summary>One JSON document per line.</summary>
    Jsonl,

    /// <summary>One YAML document: a sequence for a list.</summary>
    Yaml,

    /// <summary>The id of each thing, one per line.</summary>
    Name,
}
