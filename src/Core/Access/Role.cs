using System.Collections.Frozen;

namespace Fleet.Core.Access;

/// <summary>What a person or a program may do. The words are stored.</summary>
public enum Role
{
    /// <summary>Reads everything, and changes nothing but views of their own.</summary>
    Viewer = 0,

    /// <summary>Enqueues runs, and reads the runs that it has enqueued itself.</summary>
    Submitter = 1,

    /// <summary>Reads everything, enqueues, and changes runs, schedules, lanes and workers.</summary>
    Operator = 2,

    /// <summary>As an operator; also keys, sessions and the audit.</summary>
    Admin = 3,

    /// <summary>Reads figures: the metrics, and the demand of lanes.</summary>
    Metrics = 4,
}

/// <summary>What an endpoint needs. Each endpoint declares one.</summary>
public enum Permission
{
    /// <summary>Nothing: anyone may ask, also without a credential.</summary>
    None,

    /// <summary>Any credential that is known.</summary>
    Any,

    /// <summary>To read what there is.</summary>
    View,

    /// <summary>To read a run; of a submitter, one that it has enqueued itself.</summary>
    Follow,

    /// <summary>To read figures for a machine that measures or scales.</summary>
    Measure,

    /// <summary>To enqueue runs.</summary>
    Submit,

    /// <summary>To change runs, schedules, lanes and workers.</summary>
    Operate,

    /// <summary>To see and change who may do what, and to read the audit.</summary>
    Administer,
}

/// <summary>Which role may do what.</summary>
public static class Roles
{
    private static readonly FrozenDictionary<Role, Permission[]> Allowed = new Dictionary<Role, Permission[]>
    {
        [Role.Viewer] = [Permission.None, Permission.Any, Permission.View, Permission.Follow, Permission.Measure],
        [Role.Submitter] = [Permission.None, Permission.Any, Permission.Follow, Permission.Submit],
        [Role.Operator] =
        [
            Permission.None, Permission.Any, Permission.View, Permission.Follow, Permission.Measure, Permission.Submit, Permission.Operate,
        ],
        [Role.Admin] = Enum.GetValues<Permission>(),
        [Role.Metrics] = [Permission.None, Permission.Any, Permission.Measure],
    }.ToFrozenDictionary();

    /// <summary>The words of all roles, for errors: <c>viewer, submitter, operator, admin, metrics</c>.</summary>
    public static string Words { get; } = string.Join(", ", Enum.GetValues<Role>().Select(ToWord));

    /// <summary>Whether a role may do something.</summary>
    public static bool May(this Role role, Permission permission) => Allowed[role].Contains(permission);

    /// <summary>Everything that a role may do.</summary>
    public static IReadOnlyList<Permission> PermissionsOf(Role role) => Allowed[role];

    /// <summary>The roles that may do something, from the least to the most powerful of those that contain each other.</summary>
    public static IEnumerable<Role> With(Permission permission) => Enum.GetValues<Role>().Where(role => role.May(permission));

    /// <summary>The word for rows and people, such as <c>viewer</c>.</summary>
    public static string ToWord(this Role role) => Enum.GetName(role)!.ToLowerInvariant();

    /// <summary>Reads a word.</summary>
    /// <returns>Null when there is no such role.</returns>
    public static Role? Find(string? word) => Enum.GetValues<Role>().Where(role => role.ToWord() == word).Select(role => (Role?)role)
        .FirstOrDefault();
}
