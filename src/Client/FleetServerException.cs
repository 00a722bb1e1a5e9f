using System.Net;

namespace Fleet.Client;

/// <summary>The Fleet server cannot be used: nobody answers at its address, it has no time or a failure of its own, or what answers is not
/// Fleet. Often passes by itself.</summary>
/// <param name="message">One sentence that names the address.</param>
/// <param name="inner">The cause.</param>
/// <param name="code">A stable word for programs, when the server gave one.</param>
/// <param name="status">The status of the answer, when the server refused.</param>
public sealed class FleetServerException(string message, Exception? inner = null, string? code = null, HttpStatusCode? status = null)
    : Exception(message, inner)
{
    /// <summary>A stable word for programs, such as <c>not_replayable</c>; null when no Fleet server answered.</summary>
    public string? Code { get; } = code;

    /// <summary>The status of the answer with which the server refused; null when it did not answer, or not as Fleet would.</summary>
    public HttpStatusCode? Status { get; } = status;
}
