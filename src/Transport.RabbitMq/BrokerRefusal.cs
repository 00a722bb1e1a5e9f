using System.Text.RegularExpressions;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Fleet.Transport.RabbitMq;

/// <summary>Why a broker refused a declaration, in words for people.</summary>
/// <param name="Part">What it was about; null when the broker does not say.</param>
/// <param name="Problem">What is wrong, and what to do.</param>
internal readonly partial record struct BrokerRefusal((string Kind, string Name)? Part, string Problem)
{
    /// <summary>AMQP's code, which the client does not name.</summary>
    private const ushort ContentTooLarge = 311;

    /// <summary>True when the user lacks a right.</summary>
    public static bool IsForbidden(OperationInterruptedException e) => e.ShutdownReason?.ReplyCode == Constants.AccessRefused;

    /// <summary>True when what was asked for is not there.</summary>
    public static bool IsMissing(OperationInterruptedException e) => e.ShutdownReason?.ReplyCode == Constants.NotFound;

    /// <summary>True when the broker has understood and said no: it will say so again.</summary>
    public static bool IsFinal(OperationInterruptedException e) =>
        e.ShutdownReason is { Initiator: ShutdownInitiator.Peer, ReplyCode: var code }
        && code is ContentTooLarge or Constants.AccessRefused or Constants.NotFound or Constants.PreconditionFailed or Constants.FrameError
            or Constants.SyntaxError or Constants.NotAllowed or Constants.NotImplemented;

    /// <summary>Reads the text that a broker closes a channel with.</summary>
    public static BrokerRefusal Read(string reply)
    {
        if (OtherArgument().Match(reply) is { Success: true } other)
        {
            var part = (Kind: other.Groups["kind"].Value, Name: other.Groups["name"].Value);
            return new(
                part,
                $"The {part.Kind} '{part.Name}' exists with {other.Groups["argument"].Value} {Show(other.Groups["found"].Value)}; Fleet "
                    + $"declares {Show(other.Groups["wanted"].Value)}. "
                + $"Delete the {part.Kind} in the broker, once what it holds is safe, and apply again.");
        }

        return Access().Match(reply) is { Success: true } access
            ? new((access.Groups["kind"].Value, access.Groups["name"].Value), $"{reply}. The user needs configure, write and read on it.")
            : new(null, reply);
    }

    /// <summary>A value as brokers of all versions write it: <c>'x'</c>, <c>the value 'x' of type 'longstr'</c>, or <c>none</c>.</summary>
    private static string Show(string value) => Quoted().Match(value) is { Success: true } quoted ? quoted.Value : value;

    [GeneratedRegex(
        @"inequivalent arg '(?<argument>[^']+)' for (?<kind>queue|exchange) '(?<name>[^']+)'.*?"
            + @": received (?<wanted>.+?) but current is (?<found>.+)$",
        RegexOptions.ExplicitCapture | RegexOptions.Singleline, 1000)]
    private static partial Regex OtherArgument();

    [GeneratedRegex("access to (?<kind>queue|exchange) '(?<name>[^']+)'", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Access();

    [GeneratedRegex("'[^']*'", RegexOptions.None, 1000)]
    private static partial Regex Quoted();
}
